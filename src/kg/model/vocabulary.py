"""Namespaces, and the path segment under ``id/`` that each class of resource is minted below."""

from types import MappingProxyType
from typing import Final

BASE: Final = "https://w3id.org/zone-kg/"
ONTOLOGY: Final = f"{BASE}ontology"
KG: Final = f"{ONTOLOGY}#"
ID: Final = f"{BASE}id/"
SCHEME: Final = f"{BASE}scheme/"
UNIT: Final = f"{BASE}unit/"
PERIOD: Final = f"{BASE}period/"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
DCTERMS: Final = "http://purl.org/dc/terms/"
PROV: Final = "http://www.w3.org/ns/prov#"
ORG: Final = "http://www.w3.org/ns/org#"
SCHEMA: Final = "https://schema.org/"
QUDT_UNIT: Final = "http://qudt.org/vocab/unit/"
SH: Final = "http://www.w3.org/ns/shacl#"
TIME: Final = "http://www.w3.org/2006/time#"

#: Prefixes of every Turtle file that the project writes and of the query console.
PREFIXES: Final = MappingProxyType(
    {
        "kg": KG,
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcterms": DCTERMS,
        "org": ORG,
        "owl": OWL,
        "prov": PROV,
        "qb": "http://purl.org/linked-data/cube#",
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "sh": SH,
        "skos": SKOS,
        "time": TIME,
        "unit": QUDT_UNIT,
        "xsd": XSD,
    }
)

#: Entities: class (local name) to path segment.
ENTITY_SEGMENTS: Final = MappingProxyType(
    {
        "DevelopmentZone": "zone",
        "Place": "place",
        "AdministrativeDivision": "division",
        "Organization": "organization",
        "Enterprise": "enterprise",
        "University": "university",
        "ResearchInstitute": "institute",
        "GovernmentBody": "government",
        "FinancialInstitution": "financial",
        "ServiceAgency": "agency",
        "Fund": "fund",
        "Platform": "platform",
        "ResearchTeam": "team",
        "Person": "person",
        "Project": "project",
        "Facility": "facility",
        "IndustryChain": "chain",
        "ChainSegment": "segment",
        "ChainTemplate": "template",
        "TemplateStage": "stage",
        "Product": "product",
        "Brand": "brand",
        "Technology": "technology",
        "IntellectualProperty": "ip",
        "Standard": "standard",
        "Policy": "policy",
        "Measure": "measure",
        "Event": "event",
        "NewsArticle": "document",
    }
)

#: Facts: class (local name) to path segment.
FACT_SEGMENTS: Final = MappingProxyType(
    {
        "Claim": "claim",
        "Investment": "investment",
        "Partnership": "partnership",
        "IndicatorObservation": "obs",
        "Certification": "certification",
        "AwardReceipt": "award-receipt",
        "ProjectMilestone": "milestone",
        "StatusReport": "status",
        "ChainRole": "role",
        "Position": "position",
        "Supply": "supply",
    }
)
