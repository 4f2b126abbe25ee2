using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>
/// <c>faststream checkpoint</c>: shows the contents of a checkpoint directory that no process uses. Changes nothing.
/// </summary>
internal static class CheckpointCommand
{
    public static Command Make(CommandOutput output) =>
        new("checkpoint", "Looks into the checkpoint directory of a job that does not run. Nothing in it is changed.")
    {
        Sub(output, "ls", "Lists checkpoints and the batches of the log.", List),
        Sub(output, "show", "Shows the states and inputs of the newest checkpoint that can be read: names, types, bytes.", Show),
        Sub(output, "verify", "Reads everything and names what is damaged, by file and byte. Ends with 3 where something is.", Verify),
    };

    private static Command Sub(CommandOutput output, string name, string about, Func<CheckpointDirectory, IEnumerable<string>> print)
    {
        var directory = new Argument<string>("directory")
            { Description = "The directory of --checkpoint or CheckpointOptions.Directory, or a copy of one." };
        var json = new Option<bool>("--json") { Description = "Print everything that is in it as one JSON document." };
        var command = new Command(name, about) { directory, json };
        command.SetAction(parsed =>
        {
            CheckpointDirectory found = Read(parsed.GetRequiredValue(directory));
            if (parsed.GetValue(json))
            {
                output.Out.WriteLine(JsonSerializer.Serialize(found, JsonText.Document));
            }
            else
            {
                foreach (string line in print(found))
                {
                    output.Out.WriteLine(line);
                }
            }

            return name == "verify" && found.Damage.Count > 0 ? ExitCode.Unwell : ExitCode.Done;
        });
        return command;
    }

    private static CheckpointDirectory Read(string path)
    {
        try
        {
            return CheckpointDirectory.Read(path);
        }
        catch (Exception error) when (error is DirectoryNotFoundException or InvalidDataException or InvalidOperationException)
        {
            throw new CommandException(error.Message, error is InvalidOperationException ? ExitCode.Failed : ExitCode.Usage, error);
        }
    }

    private static IEnumerable<string> List(CheckpointDirectory found)
    {
        yield return "checkpoint  last batch                   data          states  inputs";
        foreach (SavedCheckpoint checkpoint in found.Checkpoints)
        {
            yield return Invariant(
                $"{checkpoint.Number,10}  {When(checkpoint.Time)}  {checkpoint.SizeBytes,10:N0} B ")
                + Invariant($" {Names(checkpoint, "state"),6}  {Names(checkpoint, "input"),6}");
        }

        yield return found.Batches.Count == 0
            ? "The log tells of no batch."
            : Invariant($"The log tells of {found.Batches.Count:N0} batches, {When(found.Batches[0].Time)} to ")
                + Invariant($"{When(found.Batches[^1].Time)}; a start runs ")
                + Invariant($"{found.Batches.Count(batch => batch.Outcome == LoggedOutcome.Open):N0} of them again with outputs.");
        if (found.Damage.Count > 0)
        {
            yield return Invariant($"{found.Damage.Count} damaged: `faststream checkpoint verify` says what.");
        }
    }

    private static IEnumerable<string> Show(CheckpointDirectory found)
    {
        if (found.Checkpoints is not [var newest, ..])
        {
            yield return "There is no checkpoint yet that can be read; only batches in the log.";
            yield break;
        }

        yield return Invariant(
            $"checkpoint {newest.Number}: states count batches up to {When(newest.Time)}, one every ")
            + Invariant($"{Times.Text(newest.BatchInterval)} since {When(newest.ZeroTime)}");
        foreach (var part in newest.Parts.GroupBy(part => (part.Kind, part.Name, part.Schema)))
        {
            yield return Invariant(
                $"{part.Key.Kind}  {part.Key.Name}: {part.Count()} part{(part.Count() == 1 ? "" : "s")}, ")
                + Invariant($"{part.Sum(each => each.SizeBytes):N0} bytes");
            if (part.Key.Schema.Length > 0)
            {
                yield return $"       {part.Key.Schema}";
            }
        }

        foreach (LoggedBatch batch in found.Batches.Where(batch => batch.Time > newest.Time))
        {
            yield return Invariant(
                $"batch  {When(batch.Time)} {batch.Outcome.ToString().ToLowerInvariant()}: ")
                + Invariant($"{string.Join(", ", batch.InputBytes.Select(input => Invariant($"{input.Key} {input.Value:N0} bytes")))}");
        }
    }

    private static IEnumerable<string> Verify(CheckpointDirectory found)
    {
        foreach (CheckpointDamage damage in found.Damage)
        {
            yield return $"{damage.File}: {damage.Message}";
        }

        yield return found.Damage.Count > 0
            ? Invariant($"{found.Damage.Count} damaged.")
            : Invariant($"{found.Checkpoints.Count} checkpoint{(found.Checkpoints.Count == 1 ? "" : "s")} and ")
                + Invariant($"{found.Batches.Count:N0} batches of the log are as they were written.");
    }

    private static int Names(SavedCheckpoint checkpoint, string kind) =>
        checkpoint.Parts.Where(part => part.Kind == kind).Select(part => part.Name).Distinct(StringComparer.Ordinal).Count();

    private static string When(BatchTime time) =>
        time.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
