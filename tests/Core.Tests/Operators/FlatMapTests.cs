using static FastStream.Tests.Core.Operators.OperatorRun;

namespace FastStream.Tests.Core.Operators;

public sealed class FlatMapTests
{
    private static readonly Dictionary<string, Func<DStream<string>, DStream<char>>> NullAnswers = new()
    {
        ["FlatMap"] = lines => lines.FlatMap(LettersOrNull),
        ["SelectMany"] = lines => lines.SelectMany(LettersOrNull),
        ["query"] = lines => from line in lines from letter in LettersOrNull(line) select letter,
        ["FlatMapValues"] = lines => lines.KeyBy(line => line.Length).FlatMapValues(LettersOrNull).Map(pair => pair.Value),
    };

    public static TheoryData<string> NullAnswerNames => [.. NullAnswers.Keys];

    [Theory]
    [MemberData(nameof(NullAnswerNames))]
    public void Function_ReturnsNull_FailsTheBatchWithAdvice(string name)
    {
        string operatorName = name == "FlatMapValues" ? name : "FlatMap";
        StreamingException error = Assert.Throws<StreamingException>(() => StreamTest.Run([["ab", ""]], NullAnswers[name], In(1)));
        Assert.Equal(
            $"Batch 1000 ms failed in {error.OperatorName}: The function of {operatorName} returned null for a "
                + "record; a sequence is expected. Return an empty one, such as [], for no records.",
            error.Message);
        Assert.StartsWith(operatorName, error.OperatorName);
    }

    private static IEnumerable<char> LettersOrNull(string line) => line.Length == 0 ? null! : line;
}
