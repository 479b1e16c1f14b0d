namespace Moru.Envd.Tests;

/// <summary>Waits for conditions, all with one limit.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static async Task TrueAsync(Func<bool> condition, string what) => await TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            if (limit.IsCancellationRequested) Assert.Fail($"not within {Limit.TotalSeconds:0} s: {what}");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
