using Xunit.Abstractions;

namespace FastStream.Tests.Conformance.Special;

/// <summary>Names what is not run, so that nothing is left out unseen.</summary>
public sealed class LeftOutCaseTests(ITestOutputHelper output)
{
    private static readonly string[] KindsWithTests = ["print", "saveAsTextFiles", "fileName", "clock", "lifeCycle",
        "listener", "failure", "queue", "nulls", "graceful", "describe", "stateErrors"];

    [Fact]
    public void LeftOut_CasesAreNamedWithTheirReason()
    {
        foreach (SpecialCase special in SpecialCase.All.Values)
        {
            string? reason = SpecialSelection.ReasonToLeaveOut(special);
            Assert.True(reason is not null
                || KindsWithTests.Contains(special.Kind),
                $"No test runs the kind {special.Kind}; write one, or say in SpecialSelection why not.");
            if (reason is not null)
            {
                output.WriteLine($"{special.Id}: {reason}");
            }
        }
    }
}
