using System.Text.Json;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Vectors of kind <c>function</c>: rows of arguments and results, for times, durations and names.</summary>
public sealed class FunctionVectorTests
{
    /// <summary>By operation, what gives the result of a row of arguments, as JSON.</summary>
    internal static readonly IReadOnlyDictionary<string, Func<JsonElement, object>> Operations =
        new Dictionary<string, Func<JsonElement, object>>
    {
        ["time.lt"] = row => Time(row, 0) < Time(row, 1),
        ["time.le"] = row => Time(row, 0) <= Time(row, 1),
        ["time.gt"] = row => Time(row, 0) > Time(row, 1),
        ["time.ge"] = row => Time(row, 0) >= Time(row, 1),
        ["time.minus"] = row => (Time(row, 0) - Span(row, 1)).Milliseconds,
        ["time.isMultipleOf"] = row => Time(row, 0).Floor(Span(row, 1)) == Time(row, 0),
        ["time.floor"] = row => Time(row, 0).Floor(Span(row, 1), Time(row, 2)).Milliseconds,
        ["time.to"] = row => Time(row, 0).To(Time(row, 1), Span(row, 2)).Select(time => time.Milliseconds),
        ["duration.lt"] = row => Span(row, 0) < Span(row, 1),
        ["duration.le"] = row => Span(row, 0) <= Span(row, 1),
        ["duration.ge"] = row => Span(row, 0) >= Span(row, 1),
        ["duration.plus"] = row => (Span(row, 0) + Span(row, 1)).TotalMilliseconds,
        ["duration.minus"] = row => (Span(row, 0) - Span(row, 1)).TotalMilliseconds,
        ["duration.min"] = row => new[] { Span(row, 0), Span(row, 1) }.Min().TotalMilliseconds,
        ["duration.max"] = row => new[] { Span(row, 0), Span(row, 1) }.Max().TotalMilliseconds,
        ["duration.isMultipleOf"] = row => Span(row, 0).Ticks % Span(row, 1).Ticks == 0,
        ["duration.div"] = row => Span(row, 0) / Span(row, 1),
        ["duration.isZero"] = row => Span(row, 0) == TimeSpan.Zero,
        ["duration.of"] = row => Unit(row[0].GetString()!, row[1].GetInt32()).TotalMilliseconds,
        ["firstBatchTime"] = row => FirstBatchTime(Time(row, 0), Span(row, 1)).Milliseconds,
        ["emissionTimes"] = row => EmissionTimes(Time(row, 0), Span(row, 1), Span(row, 2), row[3].GetInt32()),
        ["fileName"] = row => DStreamOperators.NameOf(row[0].GetString(), row[1].GetString(), Time(row, 2)),
    };

    public static TheoryData<string> Runnable =>
        Vector.NamesOf(vector => vector.Kind == "function" && VectorSelection.ReasonToLeaveOut(vector) is null);

    [Theory]
    [MemberData(nameof(Runnable))]
    public void Function_AnswersAsSparkTestsExpect(string name)
    {
        Vector vector = Vector.All[name];
        Func<JsonElement, object> function = Operations[vector.Operation];
        foreach ((JsonElement row, JsonElement expected) in vector.Input.EnumerateArray().Zip(vector.Expected.EnumerateArray()))
        {
            JsonElement found = JsonSerializer.SerializeToElement(function(row));
            Assert.True(
                found.ValueKind == JsonValueKind.Number
                    ? found.GetDouble().Equals(expected.GetDouble()) : JsonElement.DeepEquals(found, expected),
                $"{vector.Operation}{row} gave {found}; {expected} is expected.");
        }
    }

    private static BatchTime Time(JsonElement row, int index) => new(row[index].GetInt64());

    private static TimeSpan Span(JsonElement row, int index) => TimeSpan.FromMilliseconds(row[index].GetInt64());

    private static TimeSpan Unit(string unit, int count) => unit switch
    {
        "Milliseconds" => TimeSpan.FromMilliseconds(count),
        "Seconds" => TimeSpan.FromSeconds(count),
        "Minutes" => TimeSpan.FromMinutes(count),
        _ => throw new NotSupportedException($"The unit {unit} is not known; add it here."),
    };

    private static BatchTime FirstBatchTime(BatchTime now, TimeSpan interval)
    {
        var scenario = new StreamScenario(new StreamTestOptions { StartTime = now.ToDateTimeOffset(), BatchInterval = interval });
        scenario.Output(scenario.Input<int>([]));
        scenario.Context.Start();
        BatchTime first = scenario.Context.ZeroTime + interval;
        _ = scenario.DisposeAsync().AsTask();
        return first;
    }

    private static IEnumerable<long> EmissionTimes(BatchTime zero, TimeSpan interval, TimeSpan slide, int batches) =>
        Enumerable.Range(1, batches).Select(i => zero + (i * interval)).Where(time => time.IsValid(slide, zero))
            .Select(time => time.Milliseconds);
}
