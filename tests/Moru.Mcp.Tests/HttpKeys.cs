using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Mcp.Tests;

/// <summary>How often the Moru server, of which a test takes the place, is asked about keys.</summary>
public sealed class HttpKeys : IAsyncLifetime
{
    private const int MostAsked = 32;

    private readonly FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
    private readonly HttpListener listener = new();
    private readonly SemaphoreSlim answers = new(0);
    private Backend? backend;
    private HttpAuthentication? authentication;
    private volatile bool isGood = true;
    private int waiting;
    private int asked;

    public ValueTask InitializeAsync()
    {
        var url = $"http://127.0.0.1:{FreePort()}/";
        listener.Prefixes.Add(url);
        listener.Start();
        _ = ServeAsync();
        var settings = new Settings { DataDirectory = "/nonexistent", EnvdPath = "", Http = new IPEndPoint(IPAddress.Loopback, 0), Remote = new MoruOptions { ApiUrl = new Uri(url) } };
        backend = new Backend(settings, NullLoggerFactory.Instance);
        authentication = new HttpAuthentication(backend, clock);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        authentication!.Dispose();
        await backend!.DisposeAsync();
    }

    [Fact]
    public async Task Many_unknown_keys_wait_for_each_other()
    {
        var all = Enumerable.Range(0, 3 * MostAsked).Select(number => SendAsync($"key{number}")).ToList();

        await Eventually.TrueAsync(() => waiting == MostAsked, "as many are asked about as may be");
        answers.Release(3 * MostAsked);
        await Task.WhenAll(all).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        Assert.Equal(3 * MostAsked, asked);
    }

    [Theory]
    [InlineData(true, 30)]
    [InlineData(false, 5)]
    public async Task A_key_is_asked_about_once_for_many_requests(bool good, int seconds)
    {
        isGood = good;
        answers.Release(100);
        var first = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync("key")));
        clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        var last = await SendAsync("key");

        Assert.Equal(1, asked);
        Assert.All(first.Append(last), status => Assert.Equal(good ? 200 : 401, status));
        clock.Advance(TimeSpan.FromSeconds(1));
        await SendAsync("key");
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_stream_ends_when_its_key_is_good_no_more()
    {
        answers.Release(100);
        var (lifetime, began) = (new Lifetime(), false);
        var stream = SendAsync("key", lifetime, context =>
        {
            Volatile.Write(ref began, true);
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await Eventually.TrueAsync(() => Volatile.Read(ref began), "the stream has begun");
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False(lifetime.RequestAborted.IsCancellationRequested);
        isGood = false;

        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(30));
                return stream.IsCompleted;
            },
            "the key is asked about again");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
    }

    private async Task<int> SendAsync(string key, Lifetime? lifetime = null, RequestDelegate? next = null)
    {
        var context = new DefaultHttpContext();
        if (lifetime is not null) context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Request.Headers["X-API-Key"] = key;
        await authentication!.InvokeAsync(context, next ?? (_ => Task.CompletedTask));
        return context.Response.StatusCode;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening) _ = AnswerAsync(await listener.GetContextAsync());
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        Interlocked.Increment(ref asked);
        Assert.InRange(Interlocked.Increment(ref waiting), 1, MostAsked);
        await answers.WaitAsync();
        Interlocked.Decrement(ref waiting);
        context.Response.StatusCode = isGood ? 200 : 401;
        context.Response.ContentType = "application/json";
        context.Response.Close(isGood ? "[]"u8.ToArray() : """{"code":401,"message":"invalid API key"}"""u8.ToArray(), willBlock: false);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource source = new();

        public CancellationToken RequestAborted
        {
            get => source.Token;
            set => throw new NotSupportedException();
        }

        public void Abort() => source.Cancel();
    }
}
