namespace FastStream.Tests.Conformance.Special;

/// <summary>What <c>Print</c> writes, to the letter.</summary>
public sealed class PrintTests
{
    // Elements that JSON cannot say, by the words of the case.
    private static readonly Dictionary<string, object?> Elements = new()
    {
        ["null"] = null,
        ["pair(pair(1,2),3)"] = ((1L, 2L), 3L),
        ["pair(1,pair(2,3))"] = (1L, (2L, 3L)),
        ["triple(1,2,3)"] = (1L, 2L, 3L),
        ["Java list 1 2"] = new List<long> { 1, 2 },
        ["Java list empty"] = new List<long>(),
        ["Scala list 1 2"] = new long[] { 1, 2 },
        ["Scala list empty"] = Array.Empty<long>(),
    };

    public static TheoryData<string> Runnable =>
        new(SpecialCase.All.Values.Where(special => special.Kind == "print" && special.Json.TryGetProperty("elements", out _))
            .Select(special => special.Id));

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Print_WritesWhatSparkWrites(string id)
    {
        SpecialCase special = SpecialCase.All[id];
        object?[] elements = special.Json.GetProperty("elements").EnumerateArray()
            .Select(element => element.ValueKind == System.Text.Json.JsonValueKind.Number
                ? element.GetInt64() : Elements[element.GetString()!]).ToArray();
        var written = new StringWriter();
        await using var scenario = new StreamScenario(new StreamTestOptions { Partitions = special.Number("partitions", 2) });
        scenario.Input<object?>([elements]).Print(special.Number("num", 10), written);
        await scenario.RunAsync();

        // All lists print alike here, as Java's do.
        Assert.Equal(special.Text("text").Replace("List(1, 2)", "[1, 2]").Replace("List()", "[]"), written.ToString());
    }

    [Fact]
    public async Task Print_WritesNothing_WhereNoWindowIsDue()
    {
        var written = new StringWriter();
        await using var scenario = new StreamScenario();
        scenario.Input<long>([[1], [2], [3], [4]]).Window(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2)).Print(10, written);
        await scenario.RunAsync();
        Assert.Equal(SpecialCase.All["print-window-every-second-batch"].Text("text"), written.ToString());
    }
}
