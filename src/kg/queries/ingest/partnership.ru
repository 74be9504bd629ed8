# 哪些主体之间有已成事实的合作(双向)?
# Who is a partner of whom, both ways?
# Rule: a kg:partnerOf b <= Partnership(partner a, partner b).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
INSERT { ?partner kg:partnerOf ?other }
WHERE {
  ?fact a kg:Partnership ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:partner ?partner, ?other .
  FILTER (?partner != ?other)
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
