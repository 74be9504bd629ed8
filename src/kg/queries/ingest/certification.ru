# 谁已取得哪类资质?
# Who holds which type of certification?
# Rule: e kg:hasCertType t <= Certification(holder e, certType t).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
INSERT { ?holder kg:hasCertType ?type }
WHERE {
  ?fact a kg:Certification ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:holder ?holder ;
    kg:certType ?type .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
