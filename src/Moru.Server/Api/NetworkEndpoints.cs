using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Rules for what a sandbox reaches, while it lives. The official API has only those of its creation.</summary>
internal sealed class NetworkEndpoints(MoruRuntime runtime)
{
    private const int LongestHost = 1024;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/sandboxes/{id}/network", ChangeAsync);
        routes.MapGet("/sandboxes/{id}/network", ReportAsync);
        routes.MapGet("/sandboxes/{id}/network/explain", ExplainAsync);
    }

    private async Task ChangeAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.SandboxEgress);
        await runtime.Sandboxes.ChangeEgressAsync(
            Own(context).Id, Wire.Strings(body.AllowOut, "allowOut"), Wire.Strings(body.DenyOut, "denyOut"), body.AllowInternetAccess ?? true, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ReportAsync(HttpContext context)
    {
        var record = Own(context);
        var report = await runtime.Sandboxes.ReportEgressAsync(record.Id);
        var answer = new SandboxNetworkReport
        {
            Enforced = report is not null,
            AllowOut = record.Network.AllowOut,
            DenyOut = record.AllowInternet ? record.Network.DenyOut : [NetworkRules.Everything],
            Allowed = report?.Allowed ?? 0,
            Refused = report?.Refused ?? 0,
            Decisions = [.. (report?.Decisions ?? []).Select(ToWire)],
        };
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, answer, ApiJson.Default.SandboxNetworkReport);
    }

    private async Task ExplainAsync(HttpContext context)
    {
        var host = (string?)context.Request.Query["host"];
        if (host is not { Length: > 0 and <= LongestHost }) throw ApiBody.Invalid("host must be a host name or an IP address");
        var explanation = await runtime.Sandboxes.ExplainEgressAsync(Own(context).Id, host, context.RequestAborted)
            ?? new Explanation(host, false, "this server cannot filter what sandboxes send; its log says why");
        var answer = new NetworkExplanation { Host = explanation.Host, Allowed = explanation.IsAllowed, Reason = explanation.Reason };
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, answer, ApiJson.Default.NetworkExplanation);
    }

    private static NetworkDecision ToWire(Decision decision) => new()
    {
        Timestamp = decision.At,
        Source = JsonNamingPolicy.CamelCase.ConvertName(decision.Source.ToString()),
        Target = decision.Target,
        Allowed = decision.IsAllowed,
        Reason = decision.Reason,
        Count = decision.Count,
    };

    private SandboxRecord Own(HttpContext context) => SandboxEndpoints.Own(context, runtime.Sandboxes);
}
