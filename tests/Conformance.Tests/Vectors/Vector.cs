using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>One row of vectors.json: what one of Spark's own tests asserts.</summary>
internal sealed class Vector
{
    public static readonly IReadOnlyDictionary<string, Vector> All =
        JsonDocument.Parse(File.ReadAllBytes(GoldenProgram.SpecFile("vectors.json"))).RootElement.GetProperty("vectors").EnumerateArray()
            .Select(json => new Vector(json)).ToDictionary(vector => vector.Name);

    private readonly JsonElement _json;

    private Vector(JsonElement json) => _json = json;

    /// <summary>Suite and test, unique.</summary>
    public string Name => $"{_json.GetProperty("suite").GetString()}: {_json.GetProperty("name").GetString()}";

    public string Kind => _json.GetProperty("kind").GetString()!;

    public string Operation => _json.GetProperty("op").GetString()!;

    public JsonElement Parameters => _json.GetProperty("params");

    public JsonElement Input => _json.GetProperty("input");

    public JsonElement Expected => _json.GetProperty("expected");

    public bool ExpectsError => _json.TryGetProperty("expectedError", out _);

    public bool IsOrdered => _json.GetProperty("ordered").GetBoolean();

    public static TheoryData<string> NamesOf(Func<Vector, bool> isRun) => new(All.Values.Where(isRun).Select(vector => vector.Name));
}
