using System.Text.Json;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>One operator of a program's tree.</summary>
internal sealed record ProgramNode(string Operator, IReadOnlyList<ProgramNode> Children, IReadOnlyDictionary<string, object?> Parameters)
{
    /// <summary>The function's name.</summary>
    public string Function => (string)Parameters["fn"]!;

    /// <summary>This operator and all below it, also in what a <c>let</c> defines.</summary>
    public IEnumerable<ProgramNode> All() => Children.SelectMany(child => child.All()).Prepend(this);

    public long Number(string name) => (long)Parameters[name]!;

    public string Text(string name) => (string)Parameters[name]!;

    public string? OptionalText(string name) => (string?)Parameters.GetValueOrDefault(name);

    public TimeSpan? Duration(string name) => Parameters.TryGetValue(name, out object? ms) ? TimeSpan.FromMilliseconds((long)ms!) : null;

    public static ProgramNode Parse(JsonElement json)
    {
        // What a let defines stands before its body.
        var children = new List<ProgramNode>();
        if (json.TryGetProperty("def", out JsonElement definition))
        {
            children.Add(Parse(definition));
        }

        if (json.TryGetProperty("in", out JsonElement inputs))
        {
            children.AddRange(inputs.EnumerateArray().Select(Parse));
        }

        return new ProgramNode(
            json.GetProperty("op").GetString()!,
            children,
            json.EnumerateObject().Where(member => member.Name is not ("op" or "def" or "in"))
                .ToDictionary(member => member.Name, member => member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                    ? member.Value.GetBoolean() : ValueText.Parse(member.Value)));
    }
}
