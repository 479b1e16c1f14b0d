using Moru.Protocol;

namespace Moru;

/// <summary>Credentials for the registry of a private image.</summary>
public sealed class RegistryAccount
{
    private RegistryAccount(RegistryCredentials wire) => Wire = wire;

    internal RegistryCredentials Wire { get; }

    /// <summary>User name and password, or token.</summary>
    public static RegistryAccount Basic(string username, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(username);
        ArgumentException.ThrowIfNullOrEmpty(password);
        return new RegistryAccount(new RegistryCredentials { Type = "registry", Username = username, Password = password });
    }

    /// <summary>Access key for the registry of an AWS account.</summary>
    public static RegistryAccount Aws(string accessKeyId, string secretAccessKey, string region)
    {
        ArgumentException.ThrowIfNullOrEmpty(accessKeyId);
        ArgumentException.ThrowIfNullOrEmpty(secretAccessKey);
        ArgumentException.ThrowIfNullOrEmpty(region);
        return new RegistryAccount(new RegistryCredentials { Type = "aws", AwsAccessKeyId = accessKeyId, AwsSecretAccessKey = secretAccessKey, AwsRegion = region });
    }

    /// <summary>Key of a Google Cloud service account, as the text of its JSON file.</summary>
    public static RegistryAccount Gcp(string serviceAccountJson)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceAccountJson);
        return new RegistryAccount(new RegistryCredentials { Type = "gcp", ServiceAccountJson = serviceAccountJson });
    }
}
