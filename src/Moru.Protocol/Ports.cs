namespace Moru.Protocol;

/// <summary>Fixed port numbers of the wire.</summary>
public static class Ports
{
    /// <summary>The port on which envd answers inside every sandbox: 49983.</summary>
    public const int Envd = 49983;
}
