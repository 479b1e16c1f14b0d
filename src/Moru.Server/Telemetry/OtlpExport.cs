using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Moru.Server;

/// <summary>
/// Sends traces and metrics to an OpenTelemetry collector when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one. The exporter reads the
/// other OTEL_ variables itself.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly TracerProvider traces;
    private readonly MeterProvider metrics;

    private OtlpExport(Action<OtlpExporterOptions, string> configure)
    {
        var service = ResourceBuilder.CreateDefault().AddService("moru");
        traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(service).AddSource("Moru.Runtime").AddOtlpExporter(options => configure(options, "v1/traces")).Build();
        metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(service).AddMeter("Moru.Runtime", RequestCount.MeterName)
            .AddOtlpExporter(options => configure(options, "v1/metrics")).Build();
    }

    /// <summary>Starts when the environment asks for it; null otherwise.</summary>
    public static OtlpExport? FromEnvironment() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable)) ? null : new OtlpExport((_, _) => { });

    /// <summary>Sends to this collector by HTTP.</summary>
    public static OtlpExport To(Uri collector) => new((options, path) =>
    {
        options.Endpoint = new Uri(collector, path);
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
    });

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        traces.Dispose();
        metrics.Dispose();
    }
}
