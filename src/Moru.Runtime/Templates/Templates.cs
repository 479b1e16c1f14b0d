namespace Moru.Runtime;

/// <summary>The templates that sandboxes can be made from.</summary>
public sealed class Templates
{
    private static readonly Template[] BuiltIn =
    [
        new() { Id = "base", Alias = "base", Image = "moru/base:latest" },
    ];

    private readonly IReadOnlyList<Template> templates;

    internal Templates() => templates = BuiltIn;

    /// <summary>Finds a template by id or alias.</summary>
    public Template? Find(string idOrAlias) =>
        templates.FirstOrDefault(template => template.Id == idOrAlias || template.Alias == idOrAlias);

    public IReadOnlyList<Template> List() => templates;
}
