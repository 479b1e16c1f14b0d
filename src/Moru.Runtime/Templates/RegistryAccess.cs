namespace Moru.Runtime;

/// <summary>How a registry lets somebody in.</summary>
public abstract record RegistryAccess
{
    private RegistryAccess() { }

    public abstract Task<RegistryLogin> LoginAsync(CancellationToken cancellationToken);

    /// <summary>User and password.</summary>
    public sealed record Basic(string Username, string Password) : RegistryAccess
    {
        public override Task<RegistryLogin> LoginAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryLogin(Username, Password));

        public override string ToString() => $"basic {Username}"; // not the password
    }

    /// <summary>Google Artifact Registry: the key of a service account is its password.</summary>
    public sealed record Google(string ServiceAccountJson) : RegistryAccess
    {
        public override Task<RegistryLogin> LoginAsync(CancellationToken cancellationToken) => Task.FromResult(new RegistryLogin("_json_key", ServiceAccountJson));

        public override string ToString() => "google";
    }

    /// <summary>Amazon ECR: its API gives a password for twelve hours.</summary>
    public sealed record Amazon(string AccessKeyId, string SecretAccessKey, string Region) : RegistryAccess
    {
        public override Task<RegistryLogin> LoginAsync(CancellationToken cancellationToken) => AmazonLogin.GetAsync(this, cancellationToken);

        public override string ToString() => $"amazon {Region}";
    }
}
