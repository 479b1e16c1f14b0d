using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Everything envd answers, on one page.</summary>
internal sealed class Daemon
{
    private readonly AccessToken _token;
    private readonly Dictionary<(string Method, string Path), RequestDelegate> _routes;

    public Daemon(ProcessTable processes, ProcessLog log, Poller poller, TimeProvider time, DeadlineGuard? guard)
    {
        _token = new AccessToken(time);
        var settings = new Settings(_token, guard);
        var init = new InitHttp(settings);
        var process = new ProcessRpc(processes, settings, time);
        var files = new FileTransfer(settings);
        var filesystem = new FilesystemRpc(settings);
        var watch = new WatchRpc(new Watchers(poller, time), settings, time);
        var json = EnvdJson.Default;

        _routes = new()
        {
            [("GET", "/health")] = HealthAsync,
            [("POST", "/init")] = init.InitAsync,
            [("GET", "/envs")] = init.EnvironmentAsync,
            [("GET", "/metrics")] = new MetricsHttp(time).AnswerAsync,
            [("GET", "/logs")] = new LogsHttp(log, time).AnswerAsync,
            [("POST", "/shutdown")] = new ShutdownHttp().FlushAsync,
            [("GET", "/tunnel")] = new PortTunnel().OpenAsync,
            [("GET", "/files")] = files.DownloadAsync,
            [("HEAD", "/files")] = files.DownloadAsync,
            [("POST", "/files")] = files.UploadAsync,
            [("POST", "/process.Process/Start")] = call =>
                ConnectEndpoint.StreamAsync(call, json.StartRequest, json.StartResponse, process.StartAsync),
            [("POST", "/process.Process/SendSignal")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.SendSignalRequest, json.Empty, process.SendSignalAsync),
            [("POST", "/process.Process/Connect")] = call =>
                ConnectEndpoint.StreamAsync(call, json.ConnectRequest, json.ConnectResponse, process.ConnectAsync),
            [("POST", "/process.Process/SendInput")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.SendInputRequest, json.Empty, process.SendInputAsync),
            [("POST", "/process.Process/StreamInput")] = call =>
                ConnectEndpoint.ClientStreamAsync(call, json.StreamInputRequest, json.Empty, process.StreamInputAsync),
            [("POST", "/process.Process/Update")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.UpdateRequest, json.Empty, process.Update),
            [("POST", "/process.Process/List")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.Empty, json.ListProcessesResponse, process.List),
            [("POST", "/filesystem.Filesystem/ListDir")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.ListDirRequest, json.ListDirResponse, request => filesystem.List(call, request)),
            [("POST", "/filesystem.Filesystem/Stat")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.StatRequest, json.StatResponse, request => filesystem.Stat(call, request)),
            [("POST", "/filesystem.Filesystem/MakeDir")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.MakeDirRequest, json.MakeDirResponse, request => filesystem.MakeDirectory(call, request)),
            [("POST", "/filesystem.Filesystem/Move")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.MoveRequest, json.MoveResponse, filesystem.MoveAsync),
            [("POST", "/filesystem.Filesystem/Remove")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.RemoveRequest, json.Empty, filesystem.RemoveAsync),
            [("POST", "/filesystem.Filesystem/WatchDir")] = call =>
                ConnectEndpoint.StreamAsync(call, json.WatchDirRequest, json.WatchDirResponse, watch.WatchAsync),
            [("POST", "/filesystem.Filesystem/CreateWatcher")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.CreateWatcherRequest, json.CreateWatcherResponse, request => watch.Create(call, request)),
            [("POST", "/filesystem.Filesystem/GetWatcherEvents")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.GetWatcherEventsRequest, json.GetWatcherEventsResponse, watch.Events),
            [("POST", "/filesystem.Filesystem/RemoveWatcher")] = call =>
                ConnectEndpoint.UnaryAsync(call, json.RemoveWatcherRequest, json.Empty, watch.Remove),
        };
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (CrossOrigin.Answer(context)) return;
            _token.Check(context.Request);
            await Route(context.Request)(context);
        }
        catch (ConnectException failure) when (!context.Response.HasStarted)
        {
            await JsonAnswer.WriteErrorAsync(context, failure.HttpStatus > 0 ? failure.HttpStatus : failure.Code.HttpStatus(), failure.Message);
        }
        catch (BadHttpRequestException failure) when (!context.Response.HasStarted)
        {
            await JsonAnswer.WriteErrorAsync(context, failure.StatusCode, failure.Message);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.Failure($"{context.Request.Method} {context.Request.Path}", failure);
            if (context.Response.HasStarted) context.Abort();
            else await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "envd failed at this call; its own log says why");
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            // The client is gone; nobody is there to be told.
        }
    }

    private RequestDelegate Route(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        if (_routes.TryGetValue((request.Method, path), out var handle)) return handle;
        throw _routes.Keys.Any(route => route.Path == path)
            ? new ConnectException(ConnectCode.Unimplemented, $"{request.Method} is not allowed on {path}", StatusCodes.Status405MethodNotAllowed)
            : new ConnectException(ConnectCode.Unimplemented, $"envd has no {path}", StatusCodes.Status404NotFound);
    }

    private static Task HealthAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
