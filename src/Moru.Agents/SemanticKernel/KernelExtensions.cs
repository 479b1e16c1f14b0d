using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.SemanticKernel;

namespace Moru.Agents;

/// <summary>The tools in Semantic Kernel. Filters see every call, and calls that need approval ask <see cref="MoruToolsOptions.Approve"/>.</summary>
public static class KernelExtensions
{
    /// <summary>Adds the tools to a kernel, as one plugin for each thing they are about: <c>sandbox</c>, <c>commands</c>, <c>files</c> and so on.</summary>
    /// <example><code>kernel.Plugins.AddMoru(moru);</code></example>
    public static void AddMoru(this ICollection<KernelPlugin> plugins, MoruTools tools)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        ArgumentNullException.ThrowIfNull(tools);
        foreach (var plugin in MoruPlugins.Create(tools)) plugins.Add(plugin);
    }

    /// <summary>Adds the tools to the kernels that a builder makes. The tools stay the caller's.</summary>
    /// <example><code>builder.Plugins.AddMoru(moru);</code></example>
    public static IKernelBuilderPlugins AddMoru(this IKernelBuilderPlugins plugins, MoruTools tools)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        ArgumentNullException.ThrowIfNull(tools);
        foreach (var plugin in MoruPlugins.Create(tools)) plugins.Services.AddSingleton(plugin);
        return plugins;
    }

    /// <summary>
    /// Adds tools to every scope of a container, for kernels from <c>services.AddKernel()</c>. Each scope is a conversation with a sandbox of
    /// its own, which ends with the scope.
    /// </summary>
    /// <param name="services">The container; a <see cref="MoruClient"/> in it is used, else one is made from the <c>MORU_*</c> variables.</param>
    /// <param name="options">Which tools; null: the defaults of <see cref="MoruToolsOptions"/>.</param>
    /// <param name="sandbox">What kind of sandbox; null: the defaults of <see cref="AgentSandboxOptions"/>.</param>
    public static IServiceCollection AddMoru(this IServiceCollection services, MoruToolsOptions? options = null, AgentSandboxOptions? sandbox = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(_ => new MoruClient(MoruOptions.FromEnvironment()));
        services.TryAddScoped(provider => new AgentSandbox(provider.GetRequiredService<MoruClient>(), sandbox));
        services.TryAddScoped(provider => new MoruTools(provider.GetRequiredService<AgentSandbox>(), options));
        foreach (var name in MoruPlugins.Names)
            services.AddScoped(provider => MoruPlugins.Create(name, provider.GetRequiredService<MoruTools>()));
        return services;
    }
}
