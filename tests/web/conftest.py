"""A small graph of known content behind the whole app."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kg.config import Settings
from kg.store.embedded import EmbeddedStore
from kg.web.app import create_app

SMALL = """
@prefix kg: <https://w3id.org/zone-kg/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/zone-kg/> .

<id/zone/z-1> a kg:DevelopmentZone ; skos:prefLabel "大同经开区"@zh , "Datong zone"@en ;
    kg:fullName "大同经济技术开发区"@zh .
<id/enterprise/e-1> a kg:Enterprise ; skos:prefLabel "海诺科技"@zh ; kg:inZone <id/zone/z-1> .
<id/enterprise/e-2> a kg:Enterprise ; skos:prefLabel "同名"@zh .
<id/chain/c-1> a kg:IndustryChain ; skos:prefLabel "同名"@zh .
<id/document/d-1> a kg:NewsArticle ; skos:prefLabel "一篇报道"@zh .
<id/claim/0001> a kg:Claim ; rdf:subject <id/enterprise/e-1> ; rdf:predicate kg:inZone ; rdf:object <id/zone/z-1> ;
    kg:modality <scheme/modality/actual> ; kg:evidence <id/ev/d-1-1-5> .
<id/ev/d-1-1-5> a kg:Evidence ; kg:source <id/document/d-1> ; kg:charStart 1 ; kg:charEnd 5 .
<scheme/modality> a skos:ConceptScheme ; skos:prefLabel "事实状态"@zh .
<scheme/modality/actual> a skos:Concept ; skos:prefLabel "实际"@zh .
<unit/mu> a kg:Unit ; skos:prefLabel "亩"@zh .
<id/dataset/zone-kg> a kg:Dataset ; kg:asOf "2025-12-31"^^xsd:date .
<period/15th-fyp> a kg:Period ; skos:prefLabel "十五五"@zh .
"""
NUMBERS = "".join(f"<urn:n:{i}> <urn:value> {i} .\n" for i in range(20_000))


@pytest.fixture(scope="session")
def small_store() -> Iterator[EmbeddedStore]:
    store = EmbeddedStore.open(None)
    store.load_graph(None, SMALL.encode(), "text/turtle", replace=False)
    store.load_graph("urn:numbers", NUMBERS.encode(), "text/turtle", replace=False)
    yield store
    store.close()


@pytest.fixture
def make_app(small_store, tmp_path) -> Callable[..., Flask]:
    def make(store=small_store, **settings) -> Flask:
        app = create_app(replace(Settings(data_dir=tmp_path, base="none"), **settings), store)
        app.testing = True
        return app

    return make


@pytest.fixture
def web(make_app) -> FlaskClient:
    return make_app().test_client()
