using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream.Cli;

/// <summary>How the tool writes JSON: names in camel case, unknown values omitted, texts not escaped.</summary>
internal static class JsonText
{
    /// <summary>One object a line.</summary>
    public static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>One document, indented for people.</summary>
    public static readonly JsonSerializerOptions Document = new(Lines) { WriteIndented = true };
}
