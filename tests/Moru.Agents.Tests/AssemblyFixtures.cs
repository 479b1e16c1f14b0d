[assembly: AssemblyFixture(typeof(ServerFixture))]
