using PublicApiGenerator;

namespace Moru.Sdk.Tests;

public sealed class PublicApi
{
    // They name what the compiler made, and change with every private member.
    private static readonly string[] Noise =
        ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute", "System.Runtime.CompilerServices.EnumeratorCancellationAttribute"];

    [Fact]
    public void The_public_face_of_the_SDK_is_what_review_has_seen() =>
        Snapshot.Matches(typeof(Sandbox).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false, ExcludeAttributes = Noise }), "Moru.Sdk");
}
