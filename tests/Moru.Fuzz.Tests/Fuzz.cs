using System.Diagnostics;
using System.Globalization;
using CsCheck;

// Each property has the machine to itself, so that its time is its own.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Moru.Fuzz.Tests;

/// <summary>
/// Runs properties over generated inputs: for a few seconds each, or for a million inputs each with
/// <c>MORU_FUZZ=1000000 dotnet run --project tests/Moru.Fuzz.Tests -c Release</c>. A failure is made small and printed with its seed;
/// <c>CsCheck_Seed</c> in the environment runs it again.
/// </summary>
internal static class Fuzz
{
    private const int SecondsEach = 5;

    private static readonly long Inputs = long.Parse(Environment.GetEnvironmentVariable("MORU_FUZZ") ?? "-1", CultureInfo.InvariantCulture);

    public static void Holds<T>(this Gen<T> inputs, Action<T> property)
    {
        var (count, started) = (0L, Stopwatch.GetTimestamp());
        inputs.Sample(Counted, iter: Inputs, time: Inputs > 0 ? -1 : SecondsEach);
        Console.WriteLine($"{TestContext.Current.Test?.TestDisplayName}: {count:N0} inputs in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");

        void Counted(T input)
        {
            Interlocked.Increment(ref count);
            property(input);
        }
    }
}
