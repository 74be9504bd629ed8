# 谁已向谁供应?
# Who supplies whom?
# Rule: a kg:suppliesTo b <= Supply(supplier a, customer b).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
INSERT { ?supplier kg:suppliesTo ?customer }
WHERE {
  ?fact a kg:Supply ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:supplier ?supplier ;
    kg:customer ?customer .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
