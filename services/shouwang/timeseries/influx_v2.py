"""InfluxDB 2 with a token, through InfluxData's own client; read through InfluxQL like all others."""

from collections.abc import Sequence
from typing import Any

from shouwang.domain.errors import StoreUnavailable
from shouwang.timeseries.influx_servers import TIMEOUT, Http, Refusal, refusal, said

try:
    from influxdb_client import DBRPCreate, DBRPsService, InfluxDBClient, WritePrecision
    from influxdb_client.client.write_api import SYNCHRONOUS
    from influxdb_client.rest import ApiException
    from urllib3.exceptions import HTTPError
except ImportError as missing:  # the extra is optional; only this server needs it
    raise StoreUnavailable(
        f"InfluxDB 2 with a token needs a package that is not installed ({missing}): pip install 'shouwang[influxdb]'"
    ) from missing


class Influx2:
    """One bucket. It is created where it is missing and the token may do that, and mapped as a database of the same
    name, which is what InfluxQL asks for."""

    def __init__(self, http: Http) -> None:
        self._http = http
        address = http.address
        timeouts = (round((TIMEOUT.connect or 5) * 1000), round((TIMEOUT.read or 30) * 1000))
        self._client = InfluxDBClient(
            address.url, address.token, timeout=timeouts, org=address.org or None, enable_gzip=address.compress
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)
        self._org = address.org
        self._prepare()

    def write(self, texts: Sequence[str]) -> Refusal | None:
        name, record = self._http.address.name, "\n".join(texts).encode()
        try:
            self._api.write(name, self._org, record, write_precision=WritePrecision.US)
        except ApiException as error:
            if error.status in (400, 413, 422):
                return refusal(self._http, error.status, _said(error), texts)
            raise self._http.unavailable(f"refuses a write with {error.status}: {_said(error)}") from None
        except (HTTPError, OSError) as error:
            raise self._http.unavailable(f"does not answer: {error}") from error
        return None

    def query(self, influxql: str) -> dict[str, Any]:
        return self._http.query(influxql)

    def close(self) -> None:
        self._client.close()
        self._http.close()

    def _prepare(self) -> None:
        """A token that may only write cannot ask for buckets; then the write itself will say what is missing."""
        name = self._http.address.name
        try:
            buckets = self._client.buckets_api()
            bucket = buckets.find_bucket_by_name(name) or buckets.create_bucket(bucket_name=name)
            self._org = self._org or bucket.org_id
            mappings = DBRPsService(self._client.api_client)
            if not mappings.get_dbr_ps(org_id=bucket.org_id, bucket_id=bucket.id, db=name).content:
                mappings.post_dbrp(
                    DBRPCreate(
                        org_id=bucket.org_id,
                        bucket_id=bucket.id,
                        database=name,
                        retention_policy="autogen",
                        default=True,
                    )
                )
        except ApiException as error:
            if error.status not in (401, 403, 404):
                raise self._http.unavailable(f"does not say whether the bucket exists: {_said(error)}") from None
        except (HTTPError, OSError) as error:
            raise self._http.unavailable(f"does not answer: {error}") from error


def _said(error: ApiException) -> str:
    return said(error.body or b"")
