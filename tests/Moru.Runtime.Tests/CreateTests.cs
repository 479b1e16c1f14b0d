using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Moru.Runtime.Tests;

public sealed class CreateTests
{
    [Fact]
    public async Task A_new_sandbox_runs_and_is_found_listed_and_reachable()
    {
        await using var node = await Node.OpenAsync();

        var created = await node.CreateAsync(TimeSpan.FromSeconds(60));

        Assert.Matches("^i[a-z0-9]{20}$", created.Id);
        Assert.Equal(SandboxPhase.Running, created.State);
        Assert.Equal(created, node.Sandboxes.Find(created.Id));
        Assert.Equal([created], node.Sandboxes.List());
        Assert.True(node.Sandboxes.TryGetAddress(created.Id, out var address));
        Assert.Equal(created.Address, address);
        Assert.Equal([created.Id], node.Engine.SandboxIds);
    }

    [Fact]
    public async Task Its_end_is_its_start_plus_its_timeout()
    {
        await using var node = await Node.OpenAsync();

        var named = await node.CreateAsync(TimeSpan.FromSeconds(77));
        var unnamed = await node.CreateAsync();

        Assert.Equal(TimeSpan.FromSeconds(77), named.EndAt - named.StartedAt);
        Assert.Equal(TimeSpan.FromSeconds(15), unnamed.EndAt - unnamed.StartedAt);
        Assert.Equal(node.Clock.GetUtcNow(), named.StartedAt);
    }

    [Fact]
    public async Task An_agent_whose_answer_got_lost_is_told_again()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.LostAnswers = 2;

        var created = await node.CreateAsync();
        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        node.Engine.LostAnswers = 2;

        Assert.True((await node.Sandboxes.ConnectAsync(created.Id, TimeSpan.FromMinutes(1), Node.Cancel)).Resumed);
    }

    [Fact]
    public async Task The_agent_is_told_who_it_is()
    {
        await using var node = await Node.OpenAsync();
        var request = new SandboxRequest
        {
            TemplateId = "base",
            Secure = true,
            EnvVars = new Dictionary<string, string> { ["COLOUR"] = "green", ["MORU_SANDBOX_ID"] = "forged" },
        };

        var created = await node.Sandboxes.CreateAsync(request, Node.Cancel);

        var init = node.Engine.Inits[created.Id];
        var expected = new Dictionary<string, string>
        {
            ["COLOUR"] = "green", ["FROM_IMAGE"] = "moru/base:latest", ["MORU_SANDBOX"] = "true", ["MORU_SANDBOX_ID"] = created.Id, ["MORU_TEMPLATE_ID"] = "base",
        };
        Assert.Equal(expected.OrderBy(pair => pair.Key), init.EnvVars!.OrderBy(pair => pair.Key));
        Assert.Equal(("user", "/home/user", created.AccessToken), (init.DefaultUser, init.DefaultWorkdir, init.AccessToken));
        Assert.Equal(node.Clock.GetUtcNow(), init.Timestamp);
    }

    [Fact]
    public async Task What_the_image_sets_holds_after_a_resume_too_unless_the_sandbox_sets_it()
    {
        await using var node = await Node.OpenAsync();
        var own = new SandboxRequest { TemplateId = "base", EnvVars = new Dictionary<string, string> { ["FROM_IMAGE"] = "no" } };
        var (plain, changed) = (await node.CreateAsync(TimeSpan.FromHours(1)), await node.Sandboxes.CreateAsync(own, Node.Cancel));

        await node.Sandboxes.PauseAsync(plain.Id, Node.Cancel);
        await node.Sandboxes.ConnectAsync(plain.Id, TimeSpan.FromHours(1), Node.Cancel);

        Assert.Equal(("moru/base:latest", "no"), (node.Engine.Inits[plain.Id].EnvVars!["FROM_IMAGE"], node.Engine.Inits[changed.Id].EnvVars!["FROM_IMAGE"]));
        Assert.DoesNotContain("PATH", node.Engine.Inits[plain.Id].EnvVars!.Keys);
    }

    [Fact]
    public async Task The_access_token_is_a_keyed_hash_of_the_id()
    {
        await using var node = await Node.OpenAsync();

        var secure = await node.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base", Secure = true }, Node.Cancel);
        var open = await node.CreateAsync();

        await node.Runtime.DisposeAsync();
        using var store = RuntimeStore.Open(node.Options.DataDirectory);
        var seed = store.Setting("seed", () => throw new InvalidOperationException("The seed must be there."));
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(seed, Encoding.UTF8.GetBytes(secure.Id))), secure.AccessToken);
        Assert.Null(open.AccessToken);
    }

    [Fact]
    public async Task The_newest_sandbox_is_listed_first_and_equals_by_id()
    {
        await using var node = await Node.OpenAsync();
        var first = await node.CreateAsync(TimeSpan.FromHours(1));
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        var twins = new[] { await node.CreateAsync(TimeSpan.FromHours(1)), await node.CreateAsync(TimeSpan.FromHours(1)) };

        var listed = node.Sandboxes.List().Select(record => record.Id);

        Assert.Equal([.. twins.Select(twin => twin.Id).Order(StringComparer.Ordinal), first.Id], listed);
    }

    [Theory]
    [InlineData("nothing-like-it", 10, RuntimeError.TemplateNotFound, "known templates: base")]
    [InlineData("base", -1, RuntimeError.InvalidArgument, "negative")]
    [InlineData("base", 86_401, RuntimeError.InvalidArgument, "24 hours")]
    public async Task What_cannot_be_is_refused_with_the_reason(string template, int seconds, RuntimeError error, string says)
    {
        await using var node = await Node.OpenAsync();
        var request = new SandboxRequest { TemplateId = template, Timeout = TimeSpan.FromSeconds(seconds) };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.CreateAsync(request, Node.Cancel));

        Assert.Equal(error, failure.Error);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("A=B", "x")]
    [InlineData("A", "x\0y")]
    public async Task An_impossible_environment_variable_is_refused(string name, string value)
    {
        await using var node = await Node.OpenAsync();
        var request = new SandboxRequest { TemplateId = "base", EnvVars = new Dictionary<string, string> { [name] = value } };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.CreateAsync(request, Node.Cancel));

        Assert.Equal(RuntimeError.InvalidArgument, failure.Error);
    }

    [Fact]
    public async Task Of_many_creates_at_once_no_more_than_the_maximum_succeed()
    {
        await using var node = await Node.OpenAsync(options => options with { MaxSandboxes = 3 });

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(async Task<(SandboxRecord? Created, RuntimeException? Failure)> (_) =>
        {
            try
            {
                return (await node.CreateAsync(), null);
            }
            catch (RuntimeException failure)
            {
                return (null, failure);
            }
        }));

        Assert.Equal(3, results.Count(result => result.Created is not null));
        Assert.All(results.Where(result => result.Failure is not null), result =>
        {
            Assert.Equal(RuntimeError.LimitReached, result.Failure!.Error);
            Assert.Contains("3 sandboxes", result.Failure.Message, StringComparison.Ordinal);
        });
        Assert.Equal(3, node.Engine.SandboxIds.Count);
    }

    [Fact]
    public async Task A_template_without_an_image_says_so_and_leaves_nothing()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.DeleteImage("moru/base:latest");

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.CreateAsync());

        Assert.Equal(RuntimeError.TemplateNotPrepared, failure.Error);
        AssertNothingIsLeft(node);
    }

    [Fact]
    public async Task A_cancelled_create_leaves_nothing()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.AgentsAreSilent = true;
        using var cancel = new CancellationTokenSource();

        var creating = node.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base" }, cancel.Token);
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 1);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creating);
        AssertNothingIsLeft(node);
    }

    [Fact]
    public async Task An_agent_that_never_answers_fails_the_create_in_time()
    {
        await using var node = await Node.OpenAsync(options => options with { StartTimeout = TimeSpan.FromMilliseconds(300) });
        node.Engine.AgentsAreSilent = true;

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.CreateAsync());

        Assert.Equal(RuntimeError.StartFailed, failure.Error);
        Assert.Contains("was not ready within 0.3 s (at stage 'agent')", failure.Message, StringComparison.Ordinal);
        AssertNothingIsLeft(node);
    }

    [Fact]
    public async Task A_container_that_ends_before_its_agent_answers_fails_the_create_at_once()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.AgentsAreSilent = true;
        var started = Stopwatch.GetTimestamp();

        var creating = node.CreateAsync();
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 1);
        node.Engine.End(node.Engine.SandboxIds.Single(), exitCode: 3);

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => creating);
        Assert.Equal(RuntimeError.StartFailed, failure.Error);
        Assert.Contains("ended by itself (exit code 3) while it was starting", failure.Message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < node.Options.StartTimeout / 4);
        AssertNothingIsLeft(node);
    }

    [Fact]
    public async Task Killing_a_sandbox_that_starts_fails_the_create_and_the_killer_is_told_the_truth()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.AgentsAreSilent = true;

        var creating = node.CreateAsync();
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 1);
        var id = node.Engine.SandboxIds.Single();
        var killed = await node.Sandboxes.KillAsync(id, EndReason.Killed, Node.Cancel);

        Assert.True(killed);
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => creating);
        Assert.Contains("was killed while it was starting", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, node.Engine.RemovalsOf(id));
        AssertNothingIsLeft(node);
    }

    [Fact]
    public async Task Each_stage_is_a_trace_span()
    {
        var spans = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Moru.Runtime",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => { lock (spans) spans.Add($"{span.TraceId} {span.OperationName}"); },
        };
        ActivitySource.AddActivityListener(listener);
        using var root = new Activity("test").Start();
        await using var node = await Node.OpenAsync();

        await node.CreateAsync();

        string[] expected = ["sandbox.create.admission", "sandbox.create.network", "sandbox.create.start", "sandbox.create.agent", "sandbox.create.init", "sandbox.create"];
        Assert.Equal(expected.Select(name => $"{root.TraceId} {name}"), spans.Where(span => span.StartsWith(root.TraceId.ToString(), StringComparison.Ordinal)));
    }

    private static void AssertNothingIsLeft(Node node)
    {
        Assert.Empty(node.Engine.SandboxIds);
        Assert.Empty(node.Sandboxes.List());
        Assert.Empty(node.Sandboxes.Live);
    }
}
