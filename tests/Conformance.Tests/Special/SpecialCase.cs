using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>One case of golden-special.json.</summary>
internal sealed class SpecialCase
{
    public static readonly IReadOnlyDictionary<string, SpecialCase> All =
        JsonDocument.Parse(File.ReadAllBytes(GoldenProgram.SpecFile("golden-special.json"))).RootElement.GetProperty("cases")
            .EnumerateArray()
            .Select(json => new SpecialCase(json)).ToDictionary(special => special.Id);

    private SpecialCase(JsonElement json) => Json = json;

    public JsonElement Json { get; }

    public string Id => Json.GetProperty("id").GetString()!;

    public string Kind => Json.GetProperty("kind").GetString()!;

    public string Text(string name) => Json.GetProperty(name).GetString()!;

    public int Number(string name, int otherwise) => Json.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : otherwise;

    /// <summary>The batches of one named output as texts; null where there is none or it failed.</summary>
    public IReadOnlyList<string?> Output(string name) =>
        ValueText.ParseBatches(Json.GetProperty("outputs").GetProperty(name))
            .Select(batch => batch is null ? null : ProgramRun.TextOf(batch, ordered: false)).ToArray();

    public static TheoryData<string> Runnable(string kind, string? except = null) =>
        new(All.Values.Where(special => special.Kind == kind && special.Id != except && SpecialSelection.ReasonToLeaveOut(special) is null)
            .Select(special => special.Id));
}
