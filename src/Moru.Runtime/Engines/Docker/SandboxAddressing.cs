namespace Moru.Runtime;

/// <summary>How the server reaches sandboxes.</summary>
public enum SandboxAddressing
{
    /// <summary>By the containers' addresses where the engine shares this machine's kernel and network, else through published ports.</summary>
    Automatic,

    /// <summary>By the containers' addresses.</summary>
    Container,

    /// <summary>Through one port of each container, published on this machine's loopback address.</summary>
    Published,
}
