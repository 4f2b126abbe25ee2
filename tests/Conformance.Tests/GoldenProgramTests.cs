using System.Text.Json;
using FastStream.Tests.Conformance.Programs;
using Xunit.Abstractions;

namespace FastStream.Tests.Conformance;

/// <summary>Programs with what Spark Streaming 4.1 answered, run here and compared batch by batch.</summary>
public sealed class GoldenProgramTests(ITestOutputHelper output)
{
    public static TheoryData<string> Runnable =>
        new(GoldenProgram.All.Values.Where(program => GoldenSelection.ReasonToLeaveOut(program) is null).Select(program => program.Id));

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Program_AnswersAsSpark(string id)
    {
        GoldenProgram program = GoldenProgram.All[id];
        var options = new StreamTestOptions
        {
            Partitions = program.Partitions,
            BatchInterval = program.BatchInterval,
            StartTime = program.StartTime,
            BatchCount = program.BatchCount,
        };
        if (program.Error is { } kind)
        {
            Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => ProgramRun.RunAsync(program.Tree, program.Inputs, options));
            Assert.True(IsOfKind(refused, kind), $"{kind} was expected, found {refused}");
            return;
        }

        ProgramRun run = await ProgramRun.RunAsync(
            program.Tree, program.Inputs, options, slices: program.Slices.Count == 0
                ? null : program.Slices.Select(slice => (slice.From, slice.To)).ToArray());
        Compare(program, run);
        foreach (((BatchTime from, BatchTime to, IReadOnlyList<object?>?[] expected),
            IReadOnlyList<IReadOnlyList<object?>> found) in program.Slices.Zip(run.Slices))
        {
            // Slices are listed without their order, also those of ordered programs.
            Assert.Equal(
                $"{from} to {to}: {string.Join(' ', expected.Select(batch => ProgramRun.TextOf(batch, ordered: false)))}",
                $"{from} to {to}: {string.Join(' ', found.Select(batch => ProgramRun.TextOf(batch, ordered: false)))}");
        }
    }

    [Fact]
    public void LeftOut_ProgramsAreNamedWithTheirReason()
    {
        var leftOut = GoldenProgram.All.Values
            .Select(program => (program.Id, Reason: GoldenSelection.ReasonToLeaveOut(program)))
            .Where(entry => entry.Reason is not null).ToArray();
        foreach (var reason in leftOut.GroupBy(entry => entry.Reason).OrderByDescending(group => group.Count()))
        {
            output.WriteLine($"{reason.Count(),3}  {reason.Key}: {string.Join(' ', reason.Select(entry => entry.Id))}");
        }

        output.WriteLine($"{GoldenProgram.All.Count - leftOut.Length} of {GoldenProgram.All.Count} programs run.");
        Assert.True(GoldenProgram.All.Count - leftOut.Length >= 64, "Programs that ran before are left out now; the list above says why.");
    }

    private static void Compare(GoldenProgram program, ProgramRun run)
    {
        for (int batch = 0; batch < program.Expected.Length; batch++)
        {
            JsonElement expected = program.Expected[batch];
            bool fails = run.Failure?.BatchTime == run.BatchTimes[batch];
            if (IsError(expected))
            {
                Assert.True(fails, $"Batch {run.BatchTimes[batch]} of {program.Id} was to fail and did not.");
                return;
            }

            Assert.False(fails, $"Batch {run.BatchTimes[batch]} of {program.Id} failed: {run.Failure}");
            for (int i = 0; i < run.Outputs.Count; i++)
            {
                JsonElement of = run.Outputs.Count == 1 ? expected : expected[i];
                IReadOnlyList<object?>? elements = of.ValueKind == JsonValueKind.Null
                    ? null : of.EnumerateArray().Select(ValueText.Parse).ToArray();
                Assert.Equal(
                    $"{program.Id} {run.BatchTimes[batch]} #{i}: {ProgramRun.TextOf(elements, program.IsOrdered)}",
                    $"{program.Id} {run.BatchTimes[batch]} #{i}: {ProgramRun.TextOf(run.Outputs[i][batch], program.IsOrdered)}");
            }
        }
    }

    // The error of one of several outputs is the error of the batch here.
    private static bool IsError(JsonElement expected) =>
        expected.ValueKind == JsonValueKind.Object ||
        (expected.ValueKind == JsonValueKind.Array && expected.EnumerateArray().Any(part => part.ValueKind == JsonValueKind.Object));

    private static bool IsOfKind(Exception error, string kind) => kind switch
    {
        "illegal-argument" => error is ArgumentException,
        "illegal-state" or "unsupported" => error is InvalidOperationException or NotSupportedException,
        _ => true,
    };
}
