using System.Numerics;

namespace Moru.Runtime.Tests;

/// <summary>All calls that concern one sandbox.</summary>
internal sealed class History(IEnumerable<Call> calls)
{
    private readonly List<Call> calls = [.. calls.OrderBy(call => call.Began)];

    /// <summary>
    /// Whether the calls could have happened one at a time, each at some moment between its beginning and its end, with the outcome
    /// that it had (Herlihy and Wing call that linearizable).
    /// </summary>
    public bool IsExplained()
    {
        foreach (var call in calls)
        {
            call.MayShare = call.IsPause && calls.Exists(other => other != call && other.IsPause && other.Meets(call));
            call.MayBeLate = call.Step.Act is Act.Connect or Act.Resume && calls.Exists(other => other.Step.Act is Act.Wait && other.Meets(call));
        }

        var all = (BigInteger.One << calls.Count) - 1;
        var (seen, open) = (new HashSet<(BigInteger, SandboxModel)>(), new Stack<(BigInteger Done, SandboxModel Model)>());
        open.Push((BigInteger.Zero, new SandboxModel(SandboxModel.Is.Unmade)));
        while (open.TryPop(out var at))
        {
            if (at.Done == all) return true;
            if (!seen.Add(at)) continue;
            if (at.Model.Reaped is { } reaped) open.Push((at.Done, reaped));
            foreach (var next in Next(at.Done))
            {
                if (at.Model.After(calls[next]) is not { } after) continue;
                open.Push((at.Done | (BigInteger.One << next), after));
                if (calls[next].MayBeLate) open.Push((at.Done | (BigInteger.One << next), after.Late));
            }
        }

        return false;
    }

    public override string ToString() => string.Join('\n', calls);

    /// <summary>Calls that may be next: nothing that is left ended before they began.</summary>
    private IEnumerable<int> Next(BigInteger done)
    {
        var left = Enumerable.Range(0, calls.Count).Where(index => (done >> index).IsEven).ToList();
        var firstEnd = left.Min(index => calls[index].Ended);
        return left.TakeWhile(index => calls[index].Began < firstEnd);
    }
}
