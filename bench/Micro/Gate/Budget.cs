using System.Text.Json;

namespace FastStream.Bench.Micro;

/// <summary>What a benchmark may allocate.</summary>
/// <param name="Bytes">Bytes for each operation, at most.</param>
/// <param name="For">What the bytes are; for 0, what one operation is.</param>
internal sealed record Budget(long Bytes, string For)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    /// <summary>All budgets by <c>Class.Method</c>, from <c>budgets.json</c> beside the program.</summary>
    public static Dictionary<string, Budget> Load() =>
        JsonSerializer.Deserialize<Dictionary<string, Budget>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "budgets.json")),
            Format)!;
}
