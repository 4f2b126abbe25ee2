using System.Globalization;
using System.Text.RegularExpressions;

namespace FastStream.Tests.House;

/// <summary>The sample that needs no broker counts its own sentences, and ends well.</summary>
public sealed partial class KafkaWordCountTests
{
    [Fact]
    public async Task KafkaWordCount_WithoutABroker_CountsOnAndOn()
    {
        using var sample = new SampleProcess("KafkaWordCount");
        await sample.ReadUntilAsync(line => line.StartsWith("No broker was given", StringComparison.Ordinal));
        long first = Count(await sample.ReadUntilAsync(line => Fox().IsMatch(line)));
        long later = Count(await sample.ReadUntilAsync(line => Fox().IsMatch(line) && Count(line) > first));
        sample.Interrupt();
        Assert.Equal(0, await sample.WaitAsync());
        Assert.True(later > first);
    }

    private static long Count(string line) => long.Parse(Fox().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\(fox,(\d+)\)$", RegexOptions.None, 1000)]
    private static partial Regex Fox();
}
