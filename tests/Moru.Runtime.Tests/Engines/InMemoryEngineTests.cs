namespace Moru.Runtime.Tests;

public sealed class InMemoryEngineTests : EngineContract
{
    internal override async Task<EngineBox> OpenAsync() => new Box(await InMemoryEngine.OpenAsync());

    private sealed class Box(InMemoryEngine engine) : EngineBox
    {
        public override IContainerEngine Engine => engine;

        public override string Image => "moru/base:latest";

        public override string EnvdPath => "/opt/moru/envd";

        public override Task EndAsync(string sandboxId)
        {
            engine.End(sandboxId, exitCode: 137);
            return Task.CompletedTask;
        }
    }
}
