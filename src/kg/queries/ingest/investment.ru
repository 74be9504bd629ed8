# 谁已投资于谁?
# Who has invested in what?
# Rule: i kg:investsIn t <= Investment(investor i, target t).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
INSERT { ?investor kg:investsIn ?target }
WHERE {
  ?fact a kg:Investment ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:investor ?investor ;
    kg:target ?target .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
