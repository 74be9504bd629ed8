# 项目当前处于哪个阶段?
# Which stage has a project reached?
# Rule: p kg:projectStage s <= the latest actual ProjectMilestone(project p, stageReached s): the furthest in the order
# of the stages (kg:order), then, among stages without or of the same order, the one with the later date. A stage whose
# order isn't stated comes before all others, and a milestone without a date before those that have one.
PREFIX kg: <https://w3id.org/zone-kg/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
INSERT { ?project kg:projectStage ?stage }
WHERE {
  ?fact a kg:ProjectMilestone ;
    kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
    kg:project ?project ;
    kg:stageReached ?stage .
  FILTER NOT EXISTS { ?fact kg:endedOn ?ended . ?dataset kg:asOf ?asOf . FILTER (?ended <= ?asOf) }
  OPTIONAL { ?stage kg:order ?statedOrder }
  OPTIONAL { ?fact kg:refersTo ?statedDate }
  BIND (COALESCE(?statedOrder, -1) AS ?order)
  BIND (COALESCE(?statedDate, "0001-01-01"^^xsd:date) AS ?date)
  FILTER NOT EXISTS {
    ?later a kg:ProjectMilestone ;
      kg:modality <https://w3id.org/zone-kg/scheme/modality/actual> ;
      kg:project ?project ;
      kg:stageReached ?laterStage .
    FILTER NOT EXISTS { ?later kg:endedOn ?laterEnded . ?dataset kg:asOf ?asOf . FILTER (?laterEnded <= ?asOf) }
    OPTIONAL { ?laterStage kg:order ?laterStatedOrder }
    OPTIONAL { ?later kg:refersTo ?laterStatedDate }
    FILTER (
      COALESCE(?laterStatedOrder, -1) > ?order
      || COALESCE(?laterStatedOrder, -1) = ?order && COALESCE(?laterStatedDate, "0001-01-01"^^xsd:date) > ?date
    )
  }
}
