using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>
/// The nested expressions of vectors, <c>[operator, streams…, arguments…]</c>, as trees of the golden programs' kind.
/// </summary>
internal static class VectorExpression
{
    // Functions that golden programs have under another name.
    private static readonly Dictionary<string, string> OtherNames = new()
    {
        ["toString"] = "toText",
        ["strLen"] = "length",
        ["first"] = "key",
        ["second"] = "value",
        ["pairWithLen"] = "strLen",
        ["selfAndPlus10"] = "selfAndAdd10",
        ["toString concatStr concatStr"] = "concatenateTexts",
        ["unionAll"] = "union",
    };

    public static ProgramNode Parse(JsonElement expression)
    {
        string name = expression[0].GetString()!;
        if (name == "in")
        {
            return new ProgramNode("input", [], new Dictionary<string, object?> { ["name"] = $"{expression[1].GetInt32()}" });
        }

        var streams = new List<ProgramNode>();
        var functions = new List<string>();
        var numbers = new List<object?>();
        var parameters = new Dictionary<string, object?>();
        foreach (JsonElement part in expression.EnumerateArray().Skip(1))
        {
            switch (part.ValueKind)
            {
                case JsonValueKind.Array when name == "ctxTransform":
                    streams.AddRange(part.EnumerateArray().Select(Parse));
                    break;
                case JsonValueKind.Array when part.GetArrayLength() > 0 && part[0].ValueKind == JsonValueKind.String:
                    streams.Add(Parse(part));
                    break;
                case JsonValueKind.String:
                    functions.Add(part.GetString()!);
                    break;
                case JsonValueKind.Object:
                    parameters = part.EnumerateObject()
                        .Where(member => member.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                        .ToDictionary(member => member.Name, member => ValueText.Parse(member.Value));
                    break;
                case JsonValueKind.Number:
                    numbers.Add(part.GetInt64());
                    break;
            }
        }

        bool isWindow = name.Contains("window", StringComparison.OrdinalIgnoreCase);
        bool hasInverse = name.EndsWith("Inv", StringComparison.Ordinal);
        Name(parameters, numbers, isWindow ? ["window", "slide"] : ["n"]);
        Name(parameters, functions, hasInverse ? ["fn", "inverse", "filter"] : []);
        string function = string.Join(' ', functions);
        parameters.TryAdd("fn", OtherNames.GetValueOrDefault(function, function));

        string known = name switch
        {
            "groupByKey" => "groupByKeyInOrder",   // Spark's tests look at the order inside of groups
            "ctxTransform" => "transformAll",
            _ => hasInverse ? name[..^"Inv".Length] : name,
        };
        return new ProgramNode(known, streams, parameters);
    }

    private static void Name(Dictionary<string, object?> parameters, IReadOnlyList<object?> values, string[] names)
    {
        foreach ((string name, object? value) in names.Zip(values))
        {
            parameters.Add(name, value);
        }
    }

    /// <summary>The inputs by name: a list of batches is the one input, an object has one list for each.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<object?>?[]> Inputs(JsonElement input) =>
        input.ValueKind == JsonValueKind.Object
        ? input.EnumerateObject().ToDictionary(member => member.Name, member => ValueText.ParseBatches(member.Value))
        : new Dictionary<string, IReadOnlyList<object?>?[]> { ["0"] = ValueText.ParseBatches(input) };
}
