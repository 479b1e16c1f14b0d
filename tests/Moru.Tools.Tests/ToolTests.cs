namespace Moru.Tools.Tests;

/// <summary>Tests on one session sandbox for each class.</summary>
public abstract class ToolTests(ToolTests.Shared shared)
{
    protected ToolSession Tools { get; } = shared.Session;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public class Shared(ServerFixture fixture) : IAsyncDisposable
    {
        public ToolSession Session { get; } = new(fixture);

        public async ValueTask DisposeAsync()
        {
            await Session.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
