# 产业链的链主是谁?
# Who leads a chain?
# Rule: c kg:chainLeader e <= ChainRole(chain c, member e, chainRole leader).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
INSERT { ?chain kg:chainLeader ?member }
WHERE {
  ?fact a kg:ChainRole ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:chainRole <https://w3id.org/zone-kg/scheme/chain-role/leader> ;
    kg:chain ?chain ;
    kg:member ?member .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
