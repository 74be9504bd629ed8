# 一个已成事实且未终止的陈述给出哪条直接三元组?
# Which direct triple does a claim give that is actual and not over?
# Rule: s p o <= Claim(subject s, predicate p, object o).
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
INSERT { ?subject ?predicate ?object }
WHERE {
  ?fact a kg:Claim ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    rdf:subject ?subject ;
    rdf:predicate ?predicate ;
    rdf:object ?object .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
}
