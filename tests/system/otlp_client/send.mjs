// Sends traces, metrics and logs with the OpenTelemetry SDK to the server at argv[2], by the exporters argv[3] names (proto, grpc, or
// http, the JSON one), with the metric temporality argv[4] (delta or cumulative). Prints what it sent as JSON; a failed export ends it with 1.
//   node send.mjs --call URL '{"x-api-key":"…","method":"/…","body":"<hex>"}'   one call by gRPC; prints {"code":…,"message":…}
//   node send.mjs --genai URL proto|http|grpc CONVERSATION   two completions whose texts are events of a span and log records; each is exported by
//   itself, the parent, which alone names the conversation, last. Prints what it could not export.
import { context, diag, DiagLogLevel, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, AggregationType, InstrumentType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { LoggerProvider, BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";

const [url, flavour, temporality] = process.argv.slice(2);
if (url === "--call") {
  const { default: grpc } = await import("@grpc/grpc-js");
  const { method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export", body = "", ...headers } = JSON.parse(temporality);
  const client = new grpc.Client(new URL(flavour).host, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const plain = bytes => bytes;
  const error = await new Promise(resolve => client.makeUnaryRequest(method, plain, plain, Buffer.from(body, "hex"), metadata, resolve));
  console.log(JSON.stringify({ code: error?.code ?? 0, message: error?.details ?? "" }));
  process.exit(0);
}
if (url === "--genai") {
  const [at, kind, conversation] = process.argv.slice(3);
  const target = signal => (kind === "grpc" ? at : `${at}/v1/${signal}`);
  const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${kind}`);
  const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${kind}`);
  const failures = [];
  diag.setLogger({ error: (...args) => failures.push(args.map(String).join(" ")), warn() {}, info() {}, debug() {}, verbose() {} }, DiagLogLevel.ERROR);
  const resource = resourceFromAttributes({ "service.name": "llm-gateway" });
  const spans = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: target("traces") }))] });
  const records = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: target("logs") }) })] });
  const tracer = spans.getTracer("openai"), logger = records.getLogger("openai");
  const begin = Date.now() - 60_000;
  const root = tracer.startSpan("invoke_agent desk", { startTime: begin, attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.id": "genai-desk", "gen_ai.agent.name": "Desk", "gen_ai.conversation.id": conversation } });
  const inside = trace.setSpan(context.active(), root);
  const chat = { "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4.1-mini", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10 };
  const first = tracer.startSpan("chat", { startTime: begin + 1000, attributes: chat }, inside);
  const say = (eventName, timestamp, body) => logger.emit({ eventName, timestamp, body, context: trace.setSpan(context.active(), first), attributes: { "gen_ai.system": "openai" } });
  say("gen_ai.choice", begin + 1900, { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Sure, which number?" } });
  await records.forceFlush();
  say("gen_ai.system.message", begin + 1000, { content: "Be kind" });
  say("gen_ai.user.message", begin + 1001, { content: "Please call me back" });
  await records.forceFlush();
  first.end(begin + 2000);
  await spans.forceFlush();
  const second = tracer.startSpan("chat", { startTime: begin + 5000, attributes: chat }, inside);
  second.addEvent("gen_ai.user.message", { content: "Please call me back" }, begin + 5001);
  second.addEvent("gen_ai.assistant.message", { content: "Sure, which number?" }, begin + 5002);
  second.addEvent("gen_ai.user.message", { content: "415 555 2671, or j smith 42 at outlook dot com" }, begin + 5003);
  second.addEvent("gen_ai.choice", { index: 0, message: JSON.stringify({ role: "assistant", content: "Thank you." }) }, begin + 5900);
  second.end(begin + 6000);
  await spans.forceFlush();
  root.end(begin + 7000);
  await spans.forceFlush();
  await Promise.all([spans.shutdown(), records.shutdown()]);
  console.log(JSON.stringify({ problems: failures }));
  process.exit(failures.length ? 1 : 0);
}
// Over HTTP each signal has its path, by gRPC its method.
const to = signal => (flavour === "grpc" ? url : `${url}/v1/${signal}`);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${flavour}`);
const { OTLPMetricExporter } = await import(`@opentelemetry/exporter-metrics-otlp-${flavour}`);
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${flavour}`);

const problems = [];
const note = (...args) => problems.push(args.map(String).join(" "));
diag.setLogger({ error: note, warn: note, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const name = `${flavour}.${temporality}`;
const resource = resourceFromAttributes({ "service.name": `shop-${name}`, "service.instance.id": "i-1", "deployment.environment.name": "test" });

// A call as Pipecat traces it: a conversation, a turn, and its parts.
const tracer = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: to("traces"), compression: "gzip" }))],
});
const pipecat = tracer.getTracer("pipecat", "1.7.0");
const begin = Date.now() - 60_000;
const conversation = `conversation-${name}`;
const within = (parent) => trace.setSpan(context.active(), parent);
const call = pipecat.startSpan("conversation", { startTime: begin, attributes: { "conversation.id": conversation, "conversation.type": "voice" } });
const turn = pipecat.startSpan("turn", { startTime: begin + 1000, attributes: { "turn.number": 1, "turn.user_bot_latency_seconds": 0.91 } }, within(call));
const llm = pipecat.startSpan("llm", {
  kind: SpanKind.CLIENT,
  startTime: begin + 2000,
  attributes: { "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.usage.input_tokens": 1200, "gen_ai.usage.output_tokens": 85, "metrics.ttfb": 0.412 },
}, within(turn));
llm.addEvent("first_token", {}, begin + 2412);
llm.setStatus({ code: SpanStatusCode.OK });
llm.end(begin + 2850);
turn.setAttribute("turn.was_interrupted", false);
turn.end(begin + 5000);
call.end(begin + 30_000);
// Spans of no call.
const other = tracer.getTracer("checkout");
for (let i = 0; i < 5; ++i) other.startSpan("charge card", { startTime: begin + i * 10 }).end(begin + i * 10 + 100 + i);

// Exemplars, boundaries and temporality are the SDK's business; every value sent is told below.
const kind = temporality === "delta" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
const exporter = new OTLPMetricExporter({ url: to("metrics"), temporalityPreference: kind });
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const metrics = new MeterProvider({
  resource,
  readers: [reader],
  views: [{ instrumentName: "fine", instrumentType: InstrumentType.HISTOGRAM, aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = metrics.getMeter("shop");
const orders = meter.createCounter("orders", { unit: "1", valueType: 0 });
const bytes = meter.createCounter("bytes", { unit: "By" });
const waiting = meter.createUpDownCounter("waiting");
const latency = meter.createHistogram("latency", { unit: "ms" });
const fine = meter.createHistogram("fine", { unit: "s" });
meter.createObservableGauge("temperature").addCallback((result) => result.observe(21.5, { room: "a" }));
const sent = { conversation, service: `shop-${name}`, orders: { eu: 0, us: 0 }, bytes: 0, waiting: 0, latency: [], fine: [], logs: 0 };
for (let round = 0; round < 3; ++round) {
  for (let i = 1; i <= 10; ++i) {
    const region = i % 2 ? "eu" : "us";
    orders.add(i, { region });
    sent.orders[region] += i;
    bytes.add(i * 1.5);
    sent.bytes += i * 1.5;
    waiting.add(i % 3 ? 1 : -1);
    sent.waiting += i % 3 ? 1 : -1;
    latency.record(i * 20 + round);
    sent.latency.push(i * 20 + round);
    fine.record(i / 8 + round);
    sent.fine.push(i / 8 + round);
  }
  // A first point that is as old as its stream says that nobody knows since when it counts (OTLP data model, unknown start time).
  await new Promise((resolve) => setTimeout(resolve, 5));
  await metrics.forceFlush();
}

const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: to("logs") }) })] });
const logger = logs.getLogger("shop");
logger.emit({ severityNumber: SeverityNumber.ERROR, severityText: "ERROR", body: "payment failed for +1 415 555 2671", attributes: { attempt: 2 } });
logger.emit({ severityNumber: SeverityNumber.INFO, body: { nested: ["a", 1, true] } });
sent.logs = 2;

await tracer.forceFlush();
await logs.forceFlush();
await Promise.all([tracer.shutdown(), metrics.shutdown(), logs.shutdown()]);
console.log(JSON.stringify({ ...sent, problems }));
process.exit(problems.length ? 1 : 0);
