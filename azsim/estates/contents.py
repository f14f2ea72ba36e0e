"""What lives inside contoso's workspaces: datastores, connections, endpoints, computes and locks."""

from __future__ import annotations

from azsim.estates import compute_shapes as cs
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import Book
from azsim.estates.company import day
from azsim.estates.shapes import Json

Ids = dict[str, str]


def user_datastores(book: Book, ids: Ids) -> None:
    """Datastores that people registered: keys of either slot, SAS, other workspaces' accounts, Entra, OneLake."""
    rows: tuple[tuple[str, str, str, str | None, str, str, str], ...] = (
        ("fraud-scoring", "training_blob", "AzureBlob", "stfraud01", "training", "AccountKey", "key1"),
        ("churn", "crm_export", "AzureBlob", "stcrmml02", "crm-export", "AccountKey", "key2"),
        ("churn", "crm_share", "AzureFile", "stcrmml02", "crm", "AccountKey", "key2"),
        ("claims-triage", "claims_scans", "AzureBlob", "stclaims01", "scans", "AccountKey", "key1"),
        ("claims-triage", "claims_export", "AzureBlob", "stclaims01", "export", "Sas", "key1"),
        ("claims-ocr", "ocr_pages", "AzureBlob", "stclaims01", "pages", "AccountKey", "key2"),
        ("market-risk", "tick_data", "AzureBlob", "strisk02", "ticks", "Sas", "key2"),
        ("demand-forecast", "sales_history", "AzureBlob", "stsupply01", "sales", "AccountKey", "key1"),
        ("route-planner", "forecast_feed", "AzureBlob", "stsupply01", "feed", "AccountKey", "key1"),
        ("vision-qa", "line_cameras", "AzureBlob", "stplantqa01", "cameras", "AccountKey", "key1"),
        ("ledger-audit", "ledger_files", "AzureFile", "stledger01", "ledger", "AccountKey", "key1"),
        ("voice-intent", "old_calls", "AzureBlob", "stvoice01", "calls", "AccountKey", "stale"),
        ("recsys", "click_stream", "AzureBlob", "strecsys01", "clicks", "AccountKey", "key1"),
        ("ads-bidding", "bid_log", "AzureBlob", "stads01", "bids", "AccountKey", "key1"),
        ("reranker-test", "prod_queries", "AzureBlob", "stsearch01", "queries", "AccountKey", "key1"),
        ("pricing-test", "price_lists", "AzureBlob", "stmltest01", "prices", "AccountKey", "key1"),
        ("ledger-test", "ledger_sample", "AzureBlob", "stmltest01", "sample", "Sas", "key2"),
        ("playground-eu", "vendor_drop", "AzureBlob", "stvendor77", "drop", "Sas", "none"),
        ("kaggle-club", "competition", "AzureBlob", "stkaggle01", "data", "AccountKey", "key2"),
    )
    for workspace, name, kind, account, container, credentials, holds in rows:
        owner = ids[workspace]
        account_id = ids.get(account or "")
        created = max(book.ago(900), day(2021, 1, 4))
        item = ml.datastore(
            owner,
            name,
            kind,
            account,
            created=created,
            credentials=credentials,
            container=container,
            account_id=account_id,
            holds=holds,
        )
        book.put(item)
    _keyless_datastores(book, ids)


def _keyless_datastores(book: Book, ids: Ids) -> None:
    lake: Json = {
        "tenantId": az.TENANT_ID,
        "clientId": az.stable_guid("client", "sp-features"),
        "resourceUrl": None,
    }
    lake["authorityUrl"] = "https://login.microsoftonline.com"
    gen2 = ml.datastore(
        ids["customer-features"],
        "offline_store",
        "AzureDataLakeGen2",
        "stfeatures01",
        created=day(2023, 12, 4),
        credentials="ServicePrincipal",
        container="features",
        extra={"credentials": lake},
    )
    entra = ml.datastore(
        ids["invoice-match"],
        "invoices",
        "AzureBlob",
        "stinvoice01",
        created=day(2025, 3, 20),
        credentials="None",
        container="invoices",
    )
    one_lake = ml.datastore(
        ids["route-planner"],
        "lakehouse",
        "OneLake",
        None,
        created=day(2024, 2, 2),
        credentials="None",
        extra={
            "oneLakeWorkspaceName": az.stable_guid("fabric", "supply"),
            "artifact": {"artifactType": "LakeHouse", "artifactName": "routes.Lakehouse"},
            "endpoint": "onelake.dfs.fabric.microsoft.com",
        },
    )
    book.put(gen2, entra, one_lake)


def connections(book: Book, ids: Ids) -> None:
    """Connections: one stores an account key, one a SAS; the others hold secrets of other services."""
    scans = {"account": "stclaims01", "holds": "key1"}
    hub = {"account": "staihub01", "holds": "key1"}
    rows: tuple[tuple[str, str, str, str, str, Json | None], ...] = (
        (
            "claims-triage",
            "claims-blob",
            "AccountKey",
            "AzureBlob",
            "https://stclaims01.blob.core.windows.net/scans",
            scans,
        ),
        (
            "contoso-ai-hub",
            "hub-uploads",
            "SAS",
            "AzureBlob",
            "https://staihub01.blob.core.windows.net/uploads",
            hub,
        ),
        (
            "contoso-ai-hub",
            "aoai-sweden",
            "ApiKey",
            "AzureOpenAI",
            "https://contoso-aoai.openai.azure.com/",
            None,
        ),
        (
            "contoso-ai-hub",
            "search-docs",
            "AAD",
            "CognitiveSearch",
            "https://contoso-search.search.windows.net",
            None,
        ),
        ("support-bot", "crm-api", "CustomKeys", "CustomKeys", "https://crm.contoso.example/api", None),
        (
            "customer-features",
            "online-store",
            "ManagedIdentity",
            "Redis",
            "redis-features.redis.cache.windows.net",
            None,
        ),
        (
            "recsys",
            "build-feed",
            "PAT",
            "PythonFeed",
            "https://pkgs.dev.azure.com/contoso/_packaging/ml",
            None,
        ),
    )
    for workspace, name, auth, category, target, holds in rows:
        book.put(ml.connection(ids[workspace], name, auth=auth, category=category, target=target, holds=holds))


def endpoints(book: Book, ids: Ids) -> None:
    """Endpoints of each kind: managed and Kubernetes with keys or tokens, batch, serverless, services of SDK v1."""
    rows: tuple[tuple[str, str, str, dict[str, int]], ...] = (
        ("fraud-scoring", "fraud-score", "Key", {"blue": 90, "green": 10}),
        ("fraud-scoring", "fraud-score-partner", "Key", {"blue": 100}),
        ("churn", "churn-live", "Key", {"prod": 100}),
        ("pricing", "pricing-v3", "AADToken", {"prod": 100}),
        ("claims-triage", "claims-router", "Key", {"prod": 100}),
        ("credit-risk", "credit-decision", "AADToken", {"a": 50, "b": 50}),
        ("demand-forecast", "forecast-now", "AMLToken", {"prod": 100}),
        ("search-rank", "rank-managed", "AADToken", {"prod": 100}),
        ("ads-bidding", "bid-optimizer", "Key", {"prod": 100}),
        ("vision-qa", "defect-finder", "key", {"line1": 100}),
        ("churn-test", "churn-canary", "Key", {}),
    )
    for workspace, name, auth, traffic in rows:
        owner = ids[workspace]
        region, created = book.find(owner)["location"], book.ago(120 + len(name))
        endpoint = ml.online_endpoint(owner, name, region, created=created, auth=auth, traffic=traffic)
        book.put(endpoint)
        for deployment in traffic:
            book.put(ml.online_deployment(endpoint["id"], deployment, region, created=created))
    telemetry = ids["telemetry-anomaly"]
    closed: Json = {"publicNetworkAccess": "Disabled"}
    book.put(
        ml.online_endpoint(telemetry, "anomaly-inner", "germanywestcentral", created=book.ago(150), properties=closed)
    )
    book.put(
        ml.batch_endpoint(ids["demand-forecast"], "nightly-forecast", "westus2", created=book.ago(400)),
        ml.batch_endpoint(ids["ledger-audit"], "month-end", "francecentral", created=book.ago(220)),
        ml.serverless_endpoint(
            ids["support-bot"],
            "support-llm",
            "swedencentral",
            created=book.ago(80),
            model="azureml://registries/azureml-meta/models/Llama-3.3-70B-Instruct",
        ),
        ml.serverless_endpoint(
            ids["doc-search"],
            "doc-embed",
            "swedencentral",
            created=book.ago(60),
            auth="AAD",
            model="azureml://registries/azureml-cohere/models/Cohere-embed-v3-multilingual",
        ),
        ml.v1_service(ids["recsys"], "recsys-aci", "eastus2", compute_type="ACI", key_auth=False),
        ml.v1_service(ids["recsys"], "recsys-aks", "eastus2", compute_type="AKS", key_auth=True),
    )


def computes(book: Book, ids: Ids) -> None:
    """Computes: running and stopped instances, clusters with a job, Kubernetes attached before and after May 2021."""
    for workspace, name, state in (
        ("fraud-scoring", "ci-ada", "Running"),
        ("fraud-scoring", "ci-grace", "Stopped"),
        ("claims-ocr", "ci-ocr", "Running"),
        ("notebooks-shared", "ci-course", "Running"),
    ):
        region = book.find(ids[workspace])["location"]
        book.put(cs.instance(ids[workspace], name, region, created=book.ago(90), state=state))
    for workspace, running in (("fraud-scoring", 2), ("churn", 0), ("demand-forecast", 6), ("claims-ocr", 0)):
        region = book.find(ids[workspace])["location"]
        book.put(cs.cluster(ids[workspace], "cpu-cluster", region, created=book.ago(300), running=running))
    for workspace, name in (("fraud-scoring", "retrain_2211"), ("demand-forecast", "backtest_weekly")):
        job = ml.running_job(
            ids[workspace], name, started=book.ago(hours=3), compute="cpu-cluster", experiment="nightly"
        )
        book.put(job)
    _kubernetes(book, ids)


def _kubernetes(book: Book, ids: Ids) -> None:
    web = az.subscription_of(ids["recsys"])
    book.group(web, "rg-web-aks", "eastus2")
    old, new = (
        az.resource_id(web, "rg-web-aks", "Microsoft.ContainerService/managedClusters", name)
        for name in ("aks-recsys", "aks-search")
    )
    book.put(
        az.kubernetes_cluster(old, "eastus2", version="1.29.9"),
        az.kubernetes_cluster(new, "eastus2", version="1.33.2", properties={"disableLocalAccounts": True}),
    )
    created, later = day(2020, 3, 30), day(2024, 4, 2)
    book.put(cs.attached_aks(ids["recsys"], "aks-recsys", "eastus2", created=created, cluster_id=old))
    attached = cs.attached_kubernetes(ids["search-rank"], "aks-search", "eastus2", created=later, cluster_id=new)
    book.put(attached)
    book.put(
        ml.online_endpoint(
            ids["search-rank"],
            "rank-k8s",
            "eastus2",
            created=book.ago(200),
            compute=attached["id"],
            traffic={"prod": 100},
        )
    )


def locks_and_network(book: Book, ids: Ids) -> None:
    """A read-only lock, a delete lock, and the private endpoints of the closed workspaces and their accounts."""
    book.put(
        az.lock(ids["stplantqa01"], "audit-freeze", "ReadOnly", "Frozen for the audit of the Osaka plant"),
        az.lock(ids["stads01"], "keep", "CanNotDelete", "Holds the bid log; do not delete"),
    )
    for name in ("telemetry-anomaly", "sensor-twin", "sttelemetry01"):
        item = book.find(ids[name])
        item["properties"]["privateEndpointConnections"] = [
            az.private_endpoint_connection(item["id"], f"pe-{name}.{az.stable_guid(name)}")
        ]
    pending = book.find(ids["network-pilot"])
    pending["properties"]["privateEndpointConnections"] = [
        az.private_endpoint_connection(pending["id"], "pe-pilot", status="Pending")
    ]
