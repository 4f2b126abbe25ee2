using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FastStream.Tests.Core;

/// <summary>Streams and outputs know where in the program they are described, and what goes wrong in them says so.</summary>
public sealed class OriginTests
{
    private static string Here([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => $"{Path.GetFileName(file)}:{line}";

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DStream<int> Described(DStream<int> stream) => stream.Map(number => 10 / number);

    [Fact]
    public async Task Origin_OfStreamsAndOutputs_IsTheUsersLine()
    {
        await using var context = new StreamingContext(TimeSpan.FromSeconds(1));
        (DStream stream, string line) input = (new ManualStream<(int Key, int Value)>(context), Here());
        var pairs = (DStream<(int Key, int Value)>)input.stream;
        (DStream stream, string line) reduced = (pairs.ReduceByKey((a, b) => a + b), Here());   // made of several
        (OutputOperation output, string line) output = (pairs.Print(), Here());
        Assert.Equal(input.line, input.stream.Origin);
        Assert.Equal(reduced.line, reduced.stream.Origin);
        Assert.Equal(reduced.line, reduced.stream.Parents[0].Origin);
        Assert.Equal(output.line, output.output.Origin);
        StreamGraph graph = context.Describe();
        Assert.Equal(input.line, graph.Streams[0].Origin);
        Assert.Equal(output.line, graph.Outputs[0].Origin);
    }

    [Fact]
    public async Task Failure_InAnOperator_SaysWhereItIsDescribed()
    {
        await using var scenario = new StreamScenario();
        DStream<int> failing = Described(scenario.Input<int>([[0]])).Named("ratios");
        scenario.Output(failing);
        await scenario.RunAsync();
        StreamingException failure = Assert.Single(scenario.Failures);
        Assert.StartsWith("OriginTests.cs:", failure.Origin, StringComparison.Ordinal);
        Assert.Equal(failing.Origin, failure.Origin);
        Assert.EndsWith("failed in ratios: Attempted to divide by zero.", failure.Message, StringComparison.Ordinal);
        string text = failure.ToString().ReplaceLineEndings("\n");
        Assert.Contains($"divide by zero.\n   ratios is described at {failing.Origin}\n ---> System.DivideByZeroException", text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_InAnOutput_SaysWhereItIsDescribed()
    {
        await using var scenario = new StreamScenario();
        DStream<int> numbers = scenario.Input<int>([[0]]);
        (OutputOperation _, string line) = (numbers.ForEachBatch((Batch<int> _, BatchTime _) => throw new IOException("full")), Here());
        await scenario.RunAsync();
        Assert.Equal(line, Assert.Single(scenario.Failures).Origin);
    }

    [Fact]
    public void ToString_WithoutAnOrigin_IsThatOfEveryException() =>
        Assert.Equal("FastStream.StreamingException: A batch failed.", new StreamingException().ToString());

    // What is named in braces must be there: nobody sees a debugger fail.
    [Theory]
    [InlineData(typeof(Utf8Text))]
    [InlineData(typeof(DStream))]
    [InlineData(typeof(Batch<int>))]
    [InlineData(typeof(BatchTime))]
    [InlineData(typeof(Block))]
    [InlineData(typeof(Group<int>))]
    [InlineData(typeof(Optional<int>))]
    [InlineData(typeof(StreamingContext))]
    public void DebuggerDisplay_OfWhatPeopleLookAt_NamesMembersThatAreThere(Type type)
    {
        string text = type.GetCustomAttribute<DebuggerDisplayAttribute>(inherit: false)!.Value;
        foreach (string expression in text.Split('{').Skip(1)
            .Select(part => part[..part.IndexOf('}', StringComparison.Ordinal)].Replace(",nq", "", StringComparison.Ordinal)))
        {
            Type at = type;
            foreach (string member in expression.Split('.'))
            {
                string name = member.Replace("()", "", StringComparison.Ordinal);
                at = at.GetProperty(name)?.PropertyType
                    ?? (name == "Count" ? typeof(int) : at.GetMethod(name, Type.EmptyTypes)?.ReturnType)
                    ?? throw new InvalidOperationException($"{type} has no {expression}.");
            }
        }
    }
}
