# 谁任职于哪里?
# Who works for whom?
# Rule: x kg:worksFor o <= Position(org:member x, org:organization o).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX org: <http://www.w3.org/ns/org#>
INSERT { ?person kg:worksFor ?organization }
WHERE {
  ?fact a kg:Position ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    org:member ?person ;
    org:organization ?organization .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
