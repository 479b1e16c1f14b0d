using PublicApiGenerator;

namespace Moru.Agents.Tests;

public sealed class PublicApi
{
    [Fact]
    public void The_public_face_of_the_agents_library_is_what_review_has_seen() => Snapshot.Matches(
        typeof(MoruTools).Assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute", "System.Runtime.CompilerServices.EnumeratorCancellationAttribute"],
        }),
        "Moru.Agents");
}
