using Moru.Testing;

[assembly: AssemblyFixture(typeof(ServerFixture))]
