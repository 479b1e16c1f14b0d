namespace Moru.Runtime;

/// <summary>The templates that are there from the start. How their images are made is in the folder <c>images</c>.</summary>
internal static class BuiltInTemplates
{
    public const string BaseImage = "moru/base:latest";

    private static readonly (string Id, string Image, string BuildId)[] All =
    [
        ("base", BaseImage, "00000000-0000-4000-8000-000000000001"),
        ("python", "moru/python:latest", "00000000-0000-4000-8000-000000000002"),
        ("node", "moru/node:latest", "00000000-0000-4000-8000-000000000003"),
    ];

    /// <summary>Writes those that the store does not know yet.</summary>
    public static bool Add(TemplateRows rows, DateTimeOffset now)
    {
        foreach (var (id, image, buildId) in All.Where(template => rows.Find(template.Id) is null))
        {
            rows.Save(new TemplateRecord { Id = id, Alias = id, Public = true, CreatedAt = now, UpdatedAt = now, BuildId = buildId, BuildCount = 1 });
            rows.Save(new BuildRecord
            {
                Id = buildId, TemplateId = id, Status = BuildStatus.Ready, CpuCount = 2, MemoryMB = 1024, CreatedAt = now, UpdatedAt = now, FinishedAt = now,
                Result = new BuildResult(image, new BuildContext { Workdir = "/home/user" }, null, null),
            });
        }

        return true;
    }
}
