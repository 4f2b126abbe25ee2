using System.Text.Json;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>One line of golden.jsonl: a program, its inputs, and what Spark made of them.</summary>
internal sealed class GoldenProgram
{
    public static readonly IReadOnlyDictionary<string, GoldenProgram> All =
        File.ReadLines(SpecFile("golden.jsonl")).Select(line => new GoldenProgram(JsonDocument.Parse(line).RootElement))
            .ToDictionary(program => program.Id);

    private readonly JsonElement _json;

    private GoldenProgram(JsonElement json)
    {
        _json = json;
        Id = json.GetProperty("id").GetString()!;
        Tree = ProgramNode.Parse(json.GetProperty("program"));
        Inputs = json.GetProperty("inputs").EnumerateObject()
            .ToDictionary(input => input.Name, input => ValueText.ParseBatches(input.Value));
        Tags = json.TryGetProperty("tags", out JsonElement tags) ? tags.EnumerateArray().Select(tag => tag.GetString()!).ToArray() : [];
    }

    public string Id { get; }

    public ProgramNode Tree { get; }

    /// <summary>By input, its batches; a batch is null where the input yields no dataset.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<object?>?[]> Inputs { get; }

    public IReadOnlyList<string> Tags { get; }

    public int Partitions => _json.GetProperty("partitions").GetInt32();

    public TimeSpan BatchInterval => TimeSpan.FromMilliseconds(_json.GetProperty("batchMs").GetInt64());

    public DateTimeOffset StartTime =>
        DateTimeOffset.FromUnixTimeMilliseconds(_json.TryGetProperty("clockMs", out JsonElement ms) ? ms.GetInt64() : 0);

    public int BatchCount => _json.GetProperty("batches").GetInt32();

    public bool IsOrdered => _json.TryGetProperty("ordered", out JsonElement ordered) && ordered.GetBoolean();

    /// <summary>Kind of the error where the whole program is refused, else null.</summary>
    public string? Error => _json.TryGetProperty("error", out JsonElement error) ? error.GetProperty("error").GetString() : null;

    public bool HasNoCheckpointDirectory =>
        _json.TryGetProperty("checkpointDir", out JsonElement directory) && directory.ValueKind == JsonValueKind.False;

    /// <summary>What is expected of each output: for each batch a list of elements, null, or an error object.</summary>
    public JsonElement[] Expected =>
        (_json.TryGetProperty("outputsIfFixed", out JsonElement ifFixed) ? ifFixed : _json.GetProperty("outputs")).EnumerateArray()
            .ToArray();

    /// <summary>Calls of <c>slice</c> after the last batch, with their results.</summary>
    public IReadOnlyList<(BatchTime From, BatchTime To, IReadOnlyList<object?>?[] Result)> Slices =>
        !_json.TryGetProperty("slices", out JsonElement slices)
        ? []
        : slices.EnumerateArray().Select(slice => (
            new BatchTime(slice.GetProperty("from").GetInt64()),
            new BatchTime(slice.GetProperty("to").GetInt64()),
            ValueText.ParseBatches(slice.GetProperty("result")))).ToArray();

    public static string SpecFile(string name) => Path.Combine(AppContext.BaseDirectory, "Spec", name);
}
