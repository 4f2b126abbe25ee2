using System.Globalization;
using System.Text.Json;

namespace FastStream.Tests.Conformance.Programs;

/// <summary>Values from and to JSON.</summary>
internal static class ValueText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        long number => number.ToString(CultureInfo.InvariantCulture),
        string text => JsonSerializer.Serialize(text),
        _ => value.ToString()!,
    };

    public static object? Parse(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => json.GetInt64(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Array => new ValueList(json.EnumerateArray().Select(Parse).ToArray()),
        _ => throw new FormatException($"{json} is no value; a number, text, list or null is expected."),
    };

    /// <summary>A list of batches; a batch that is no list (null or an error) is null.</summary>
    public static IReadOnlyList<object?>?[] ParseBatches(JsonElement json) =>
        json.EnumerateArray()
            .Select(batch => batch.ValueKind == JsonValueKind.Array ? batch.EnumerateArray().Select(Parse).ToArray() : null).ToArray();
}
