# SPDX-License-Identifier: MIT
"""OpenTelemetry's own messages, and names of its conventions, read what --otlp sends."""
import http.server
import json
import threading

from peer_checks.exports import ask, evaluation

TITLE = "otel: opentelemetry-proto reads what --otlp sends"
PACKAGES = ["opentelemetry-proto==1.45.2", "opentelemetry-semantic-conventions==0.66b2"]

READ = """
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
spans, schemas = [], set()
for line in open(sys.argv[1]):
    value = json.loads(line)
    # OTLP's JSON has ids in hexadecimal digits where protobuf's has base64.
    for resource in value["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    request = json_format.ParseDict(value, ExportTraceServiceRequest(), ignore_unknown_fields=False)
    for resource in request.resource_spans:
        schemas.add(resource.schema_url)
        for scope in resource.scope_spans:
            spans += scope.spans
known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
used = {one.key for span in spans for one in span.attributes if one.key.startswith("gen_ai.")}
operations = {}
for span in spans:
    for one in span.attributes:
        if one.key == "gen_ai.operation.name":
            operations[one.value.string_value] = operations.get(one.value.string_value, 0) + 1
print(json.dumps({
    "spans": len(spans), "traces": len({span.trace_id for span in spans}), "ids": sorted({len(span.span_id) for span in spans}),
    "schemas": sorted(schemas), "operations": operations, "unknown": sorted(used - known),
    "clients": sum(span.kind == Span.SPAN_KIND_CLIENT for span in spans),
    "ordered": all(0 < span.start_time_unix_nano <= span.end_time_unix_nano for span in spans),
}))
"""


def collector(bodies):
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def check(report, shop):
    python = shop.python("otel", PACKAGES)
    print(f"  opentelemetry-proto {shop.version(python, 'opentelemetry-proto')}")
    bodies = []
    server = collector(bodies)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        _, result = evaluation(shop, "otel-run", "--otlp", f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
    file = shop.folder / "spans.jsonl"
    file.write_text("".join(json.dumps(json.loads(body)) + "\n" for body in bodies))
    seen = json.loads(ask(shop, python, READ, file))
    report.row("its messages know every field", seen["spans"] > 0, f"{seen['spans']} spans in {len(bodies)} requests")
    report.row("one trace, ids of eight bytes", (seen["traces"], seen["ids"]) == (1, [8]))
    report.row("times in order", seen["ordered"])
    report.row("each attempt is a client's span", seen["clients"] == seen["operations"]["chat"] == result["attempts"], seen["operations"])
    report.row("its package has all gen_ai names", not seen["unknown"], seen["unknown"])
    report.row("schema URL", seen["schemas"] == ["https://opentelemetry.io/schemas/1.41.0"], seen["schemas"])
